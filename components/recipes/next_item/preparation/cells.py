"""Cells of side files that hold several texts: between separators, as `['a', 'b']`, or lists of a Parquet file."""

import re

import duckdb
import pyarrow as pa

from components.recipes.next_item.preparation.database import one, quoted

LISTED = r"\s*[\[({].*[\])}]\s*"
QUOTED = re.compile(r"""'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)\"""")
ESCAPE = re.compile(r"\\(.)")
MOST = 0.5  # share of the cells that are written as lists, from which all such are read so


def parse_list(text: str) -> list[str]:
    """The texts of a list as Python, JSON or numpy write it, with quotes or without."""
    inside = text.strip()[1:-1]
    if found := QUOTED.findall(inside):
        return [ESCAPE.sub(r"\1", single or double) for single, double in found]
    return [part.strip() for part in inside.split(",") if part.strip()]


def split_sets(connection: duckdb.DuckDBPyConnection, table: str, name: str, separator: str) -> int:
    """Turn the texts of a column of a table into lists; how many of its cells were written as lists."""
    cells, listed = one(
        connection,
        f"select count({name}), count(*) filter (where regexp_full_match({name}, {quoted(LISTED)}, 's')) from {table}",  # noqa: S608
    )
    assert isinstance(cells, int)
    assert isinstance(listed, int)
    split = f"string_split({name}, {quoted(separator)})"
    if not listed or listed < MOST * cells:
        connection.execute(f"alter table {table} alter {name} type varchar[] using {split}")
        return 0
    query = f"select distinct {name} as cell from {table} where regexp_full_match({name}, {quoted(LISTED)}, 's')"  # noqa: S608
    texts = [cell for (cell,) in connection.execute(query).fetchall()]
    lists = pa.array([parse_list(text) for text in texts], pa.list_(pa.string()))
    connection.register("parsed", pa.table({"cell": pa.array(texts, pa.string()), "texts": lists}))
    read = f"coalesce(parsed.texts, {split})"
    connection.execute(
        f"create or replace temp table in_lists as select {table}.* replace ({read} as {name}) from {table} "  # noqa: S608
        f"left join parsed on {table}.{name} = parsed.cell"
    )
    connection.execute(f"create or replace temp table {table} as from in_lists")
    connection.execute("drop table in_lists")
    connection.unregister("parsed")
    return listed
