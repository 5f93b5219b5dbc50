"""What is counted of events once their columns are known: rows that are broken, histories, who comes back."""

from collections.abc import Mapping, Sequence

import duckdb

from components.core.errors import CasebookError
from components.recipes.next_item.preparation.database import one
from components.recipes.next_item.preparation.infer.content import DATETIME, UNITS
from components.recipes.next_item.preparation.infer.found import Described
from components.recipes.next_item.preparation.infer.roles import AS_DATES

CLICK = 2  # seconds within which nobody has a thing twice
SOUND = """
with rows as ({rows}),
sound as (from rows where user is not null and item is not null and time is not null),
"""
COUNTED = f"""{SOUND}
placed as (select user, count(*) over (partition by user) as events,
  row_number() over (partition by user order by time desc, event desc) as back,
  count(*) over (partition by user, item) as times from sound)
select 1 - (select count(*) from sound) / (select count(*) from rows), max(events),
  coalesce(avg((times > 1)::int) filter (back = 1), 0) from placed
"""  # noqa: S608 - our own words
# Events of the newest fifth and tenth, of users and items that were there before.
LATER = f"""{SOUND}
cuts as (select quantile_disc(time, 0.8) as early, quantile_disc(time, 0.9) as late from sound),
before as (select user, item from sound, cuts where time < early)
select count(*) filter (time < late), count(*) filter (time >= late) from sound, cuts
where time >= early and user in (select user from before) and item in (select item from before)
"""  # noqa: S608 - our own words
# Of one user and item, later than another such event and hardly so: at one time are duplicates, which `prepare` tells.
CLICKED = f"""{SOUND}
gaps as (select {{seconds}} - lag({{seconds}}) over (partition by user, item order by time) as gap from sound)
select count(*) filter (gap > 0 and gap <= {CLICK}), count(*) from gaps
"""  # noqa: S608 - our own words


def count(
    connection: duckdb.DuckDBPyConnection, found: Described, roles: Mapping[str, str], missing: Sequence[str]
) -> tuple[float, int, float]:
    """The share of rows without a user, an item or a time that can be read, most events of a user, and the share of the
    users' last events whose item they had before.
    """
    broken, most, again = one(connection, COUNTED.format(rows=_rows(found, roles, missing)))
    if most is None:
        raise CasebookError(_nothing_read(found, roles["time"]))
    return float(str(broken)), int(str(most)), float(str(again))


def _nothing_read(found: Described, time: str) -> str:
    facts = found.facts[time]
    if facts.is_number or facts.is_date:
        return f"{found.path}: no row has a user, an item and a time"
    return (
        f"{found.path}: column {time!r}: its {facts.filled:,} value(s), such as {facts.examples[0][:60]!r}, are "
        f"neither dates nor plain numbers; write times {AS_DATES}"
    )


def clicks(
    connection: duckdb.DuckDBPyConnection, found: Described, roles: Mapping[str, str], missing: Sequence[str]
) -> tuple[int, int]:
    """How many events are double clicks by their times, and how many there are; (0, 0) of times in no known unit."""
    unit = found.facts[roles["time"]].unit
    if unit is None:
        return 0, 0
    seconds = "epoch(time)" if unit == DATETIME else f"time / {UNITS[unit]}"
    again, events = one(connection, CLICKED.format(rows=_rows(found, roles, missing), seconds=seconds))
    return int(str(again)), int(str(events))


def lasts(
    connection: duckdb.DuckDBPyConnection, found: Described, roles: Mapping[str, str], missing: Sequence[str]
) -> bool:
    """Whether users and items of the oldest events are there among the newest ones, which a split by time asks for."""
    validation, test = one(connection, LATER.format(rows=_rows(found, roles, missing)))
    return bool(validation and test)


def _rows(found: Described, roles: Mapping[str, str], missing: Sequence[str]) -> str:
    """SQL of the events: user, item and time, null where they cannot be read, and the row's number."""
    user, item, time = (found.raw.text(roles[role], missing) for role in ("user", "item", "time"))
    kind = "timestamptz" if found.facts[roles["time"]].unit == DATETIME else "double"
    return (
        f"select {found.raw.row} as event, {user} as user, {item} as item, try_cast({time} as {kind}) as time "  # noqa: S608
        f"from {found.raw.table}"
    )
