"""Ids of raw files in their normal form, what is told of those that were written otherwise, and where none can be."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from components.core.errors import CasebookError
from components.recipes.next_item.encoding.ids import Ids, read_ids
from components.recipes.next_item.preparation.database import one

log = logging.getLogger(__name__)

# The same number with zeros before it and without.
PADDED = """
with ids as (select distinct {name} as id from {table} where {name} is not null),
padded as (select id, ltrim(id, '0') as bare from ids where regexp_full_match(id, '0+[1-9][0-9]*'))
select count(*), min(padded.id) from padded join ids on padded.bare = ids.id
"""
IN_FORM = """
create or replace temp table in_form as
select {table}.* replace (mapped.text as {name}) from {table} join mapped on {table}.{name} is not distinct from cell;
create or replace {temp} table {table} as from in_form;
drop table in_form
"""


@dataclass
class ToldIds:
    """What was found in the columns of one file, gathered over its pieces."""

    path: Path
    forms: dict[tuple[str, str], tuple[int, str]] = field(default_factory=dict)

    def add(self, column: str, ids: Ids, rows: np.ndarray | None = None) -> None:
        """`rows` (N,) are their numbers in the file.

        Raises:
            CasebookError: some can be no ids.
        """
        if ids.fault is not None:
            at = f"row {rows[ids.fault.place]}" if rows is not None else ""
            raise CasebookError(
                f"{self.path}: column {column}: {ids.fault.count} id(s), such as {at and f'that of {at}, '}"
                f"{ids.fault.example}, {ids.fault.reason}"
            )
        for form, (count, example) in ids.forms.items():
            before, first = self.forms.get((column, form), (0, example))
            self.forms[column, form] = (before + count, first)

    def say(self) -> None:
        for (column, form), (count, example) in self.forms.items():
            log.warning("%s: %s: %d id(s), such as %r, %s", self.path, column, count, example[:60], form)


def say_padded(connection: duckdb.DuckDBPyConnection, path: Path, table: str, column: str, name: str) -> None:
    """Warn where 12 and 00012 both stand in the column `name` of a table, which the file calls `column`."""
    count, example = one(connection, PADDED.format(table=table, name=name))
    if count:
        assert isinstance(example, str)
        log.warning(
            "%s: %s: %s id(s) stand with zeros before them and without, such as %r and %r: they are different ids; "
            "write them alike if they are one",
            path, column, count, example, example.lstrip("0"),
        )  # fmt: skip


def ids_in_form(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    name: str,
    missing: Sequence[str],
    *,
    told: ToldIds,
    column: str,
    temp: bool = False,
) -> None:
    """Turn the column `name` of a table, which the file calls `column`, to ids: texts, null where there is none.

    Raises:
        CasebookError: some can be no ids.
    """
    cells = connection.sql(f"select distinct {name} as cell from {table}").to_arrow_table()["cell"]  # noqa: S608
    whole = cells.combine_chunks()
    ids = read_ids(whole, missing)
    told.add(column, ids)
    texts = pa.array(ids.texts, pa.string(), mask=ids.texts == "")
    connection.register("mapped", pa.table({"cell": whole, "text": texts}))
    for statement in IN_FORM.format(table=table, name=name, temp="temp" if temp else "").split(";"):
        connection.execute(statement)
    connection.unregister("mapped")
