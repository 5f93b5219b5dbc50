"""Whose last event in a split is one of several at the same moment: which of them is the last, nobody knows."""

from pathlib import Path

import duckdb
import pyarrow as pa

from components.recipes.next_item.encoding.spec import TIES
from components.recipes.next_item.preparation.write import row_groups

BATCH = 1 << 18
SCHEMA = pa.schema({"user": pa.int32(), "events": pa.int32()})
# The moment of the event that the test asks of each user, and how many events the user has then.
TIED = """
with asked as (select user, {first}(moment) as moment from events where moment >= {begins} group by user)
select users.place as user, count(*) as events
from events join asked using (user, moment) join users on events.user = users.code
group by all having count(*) > 1 order by all
"""


def write_ties(connection: duckdb.DuckDBPyConnection, folder: Path, cuts: tuple[int, int] | None) -> int:
    """Write the users of whom the test asks one of several events at one moment; how many there are."""
    query = TIED.format(first="min", begins=cuts[1]) if cuts else TIED.format(first="max", begins=-(2**62))
    with row_groups(folder / TIES, SCHEMA) as groups:
        for batch in connection.sql(query).to_arrow_reader(BATCH):
            groups.add(pa.Table.from_batches([batch]).cast(SCHEMA))
    return groups.written
