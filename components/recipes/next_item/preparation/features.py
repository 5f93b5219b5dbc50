"""Features of users and items: side files to columns of codes."""

import logging
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.core.errors import CasebookError
from components.recipes.next_item.encoding.spec import UNKNOWN, Feature
from components.recipes.next_item.params.interactions import (
    BandFeature,
    CategoryFeature,
    InteractionsParams,
    ItemFile,
    SetFeature,
    UserFile,
)
from components.recipes.next_item.preparation.cells import split_sets
from components.recipes.next_item.preparation.database import one, quoted
from components.recipes.next_item.preparation.ids import ToldIds, ids_in_form
from components.recipes.next_item.preparation.read import BLANKS, RawFile, open_raw, unreadable
from components.recipes.next_item.preparation.sides import check_known, say_of_columns
from components.recipes.next_item.preparation.write import row_groups

log = logging.getLogger(__name__)

Column = CategoryFeature | BandFeature | SetFeature
BATCH = 1 << 16


def write_side(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    side: UserFile | ItemFile | None,
    raw: Path,
    spec: InteractionsParams,
    target: Path,
) -> list[Feature]:
    """Write the rows of `table` ("users" or "items"), which has `trained`, the events in train, with their features.

    A user or item without a row in the side file has code 0 everywhere; one that only the side
    file has is left out. Texts that do not occur in training are unknown.

    Raises:
        CasebookError: the file or a column of it is missing, an id stands in it twice, or hardly any user or item has
            a row there.
    """
    columns: dict[str, Column] = dict(side.columns) if side else {}
    if side:
        file = _load(connection, side, raw, spec.missing, f"prepare.{table}")
        check_known(connection, table, side, file, spec.least_known)
        say_of_columns(connection, table, columns, file)
    else:
        connection.execute("create or replace temp table side as select null::varchar as id, null::varchar as title")
    features = [
        fit_feature(name, column, _texts(connection, table, place, column))
        for place, (name, column) in enumerate(columns.items())
    ]
    # What is put together as SQL in this folder is names of our own and quoted texts.
    cells = "".join(f", side.f{place}" for place in range(len(columns)))
    query = f"select {table}.id, title, trained{cells} from {table} left join side using (id) order by place"  # noqa: S608
    fixed = {"id": pa.string()} | ({"title": pa.string(), "count": pa.int64()} if table == "items" else {})
    types = {name: pa.list_(pa.int32()) if columns[name].kind == "set" else pa.int32() for name in columns}
    schema = pa.schema({**fixed, **types})
    with row_groups(target, schema) as groups:
        for batch in connection.sql(query).to_arrow_reader(BATCH):
            known = [batch["id"], batch["title"], batch["trained"]][: len(fixed)]
            codes = [
                encode(batch[f"f{place}"], column, feature)
                for place, (column, feature) in enumerate(zip(columns.values(), features, strict=True))
            ]
            arrays = [array.cast(field.type) for array, field in zip([*known, *codes], schema, strict=True)]
            groups.add(pa.table(arrays, schema=schema))
    return features


def fit_feature(name: str, column: Column, texts: Sequence[str]) -> Feature:
    """`texts` are the distinct ones of training, in order; a band needs none."""
    if isinstance(column, BandFeature):
        edges = [f"{edge:g}" for edge in column.edges]
        between = [f"{low} to <{high}" for low, high in pairwise(edges)]
        labels = (UNKNOWN, f"<{edges[0]}", *between, f"≥{edges[-1]}")
    else:
        labels = (UNKNOWN, *texts)
    return Feature(name, column.kind, len(labels), labels)


def encode(cells: pa.Array, column: Column, feature: Feature) -> pa.Array:
    """Codes (N,) int32 of texts, or of float64 for a band; lists of codes, ascending, for a set."""
    if isinstance(column, BandFeature):
        numbers = cells.cast(pa.float64()).to_numpy(zero_copy_only=False)
        codes = 1 + np.searchsorted(column.edges, numbers, side="right")
        return pa.array(np.where(np.isnan(numbers), 0, codes), pa.int32())
    if isinstance(column, SetFeature):
        return _encode_sets(cells, column.separator, feature)
    return _codes(cells.cast(pa.string()), feature)


def _codes(texts: pa.Array, feature: Feature) -> pa.Array:
    # Only what stands behind the label of "unknown" is looked up.
    found = pc.index_in(texts, value_set=pa.array(feature.labels[1:], pa.string()))
    return pc.cast(pc.add(pc.fill_null(found, -1), 1), pa.int32())


def _encode_sets(cells: pa.Array, separator: str, feature: Feature) -> pa.ListArray:
    parts = cells if pa.types.is_nested(cells.type) else pc.split_pattern(cells.cast(pa.string()), separator)
    codes = _codes(pc.utf8_trim_whitespace(pc.list_flatten(parts)), feature).to_numpy().astype(np.int64)
    rows = pc.list_parent_indices(parts).to_numpy()
    pairs = np.unique(rows[codes > 0] * feature.size + codes[codes > 0])
    offsets = np.searchsorted(pairs // feature.size, np.arange(len(cells) + 1))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(pairs % feature.size, pa.int32()))


def _texts(connection: duckdb.DuckDBPyConnection, table: str, place: int, column: Column) -> list[str]:
    """The distinct texts of the users or items that occur in training."""
    if isinstance(column, BandFeature):
        return []
    cell = f"f{place}"
    if isinstance(column, SetFeature):
        cell = f"unnest({cell})"
    used = f"(select {cell} as text from side join {table} using (id) where trained > 0)"  # noqa: S608
    trimmed = f"select distinct trim(text, {quoted(BLANKS)}) as text from {used}"  # noqa: S608
    rows = connection.execute(f"from ({trimmed}) where text <> '' order by text").fetchall()
    return [text for (text,) in rows]


def _load(
    connection: duckdb.DuckDBPyConnection, side: UserFile | ItemFile, raw: Path, missing: Sequence[str], where: str
) -> RawFile:
    """Make `side` (id, title, f0, f1, ...) of the file; each id stands once."""
    title = side.title if isinstance(side, ItemFile) else None
    named = [side.id, *([title] if title else []), *(column.column for column in side.columns.values())]
    file = open_raw(connection, raw / side.file, named, where, side.read)
    file.check_ids(side.id)
    cells = [f"{file.columns[side.id][0]} as id", f"{file.text(title, missing) if title else 'null'} as title"]
    cells += [f"{_cell(file, column, missing)} as f{place}" for place, column in enumerate(side.columns.values())]
    try:
        connection.execute(f"create or replace temp table side as select {', '.join(cells)} from {file.table}")  # noqa: S608
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        raise unreadable(file, error) from None
    told = ToldIds(file.path)
    ids_in_form(connection, "side", "id", missing, told=told, column=side.id, temp=True)
    told.say()
    _check_ids(connection, file, side.id)
    _tell_unreadable(connection, file, side, missing)
    for place, column in enumerate(side.columns.values()):
        if isinstance(column, SetFeature) and not file.is_list(column.column):
            listed = split_sets(connection, "side", f"f{place}", column.separator)
            if listed:
                log.warning(
                    "%s: %s: %d cell(s) are lists such as ['a', 'b']: read so", file.path, column.column, listed
                )
    return file


def _cell(file: RawFile, column: Column, missing: Sequence[str]) -> str:
    """SQL of a feature's cells.

    Raises:
        CasebookError: they are lists or binary, and are to be single texts or numbers.
    """
    if isinstance(column, SetFeature) and file.is_list(column.column):
        return f"list_transform({file.columns[column.column][0]}::varchar[], lambda each: nfc_normalize(each))"
    file.check_single(column.column, column.kind)
    text = file.text(column.column, missing)
    return f"try_cast({text} as double)" if isinstance(column, BandFeature) else f"nfc_normalize({text})"


def _check_ids(connection: duckdb.DuckDBPyConnection, file: RawFile, name: str) -> None:
    (nameless,) = one(connection, "select count(*) from side where id is null")
    if nameless:
        log.warning("%s: %s: %s row(s) have no id and are left out", file.path, name, nameless)
        connection.execute("delete from side where id is null")
    twice = connection.execute(
        "select id, count(*) from side group by id having count(*) > 1 order by length(id), id"
    ).fetchall()
    if twice:
        raise CasebookError(
            f"{file.path}: column {name}: {len(twice)} id(s) stand in more than one row, such as {twice[0][0]!r} in "
            f"{twice[0][1]}; leave one row for each"
        )


def _tell_unreadable(
    connection: duckdb.DuckDBPyConnection, file: RawFile, side: UserFile | ItemFile, missing: Sequence[str]
) -> None:
    for column in side.columns.values():
        if column.kind != "band":
            continue
        text = file.text(column.column, missing)
        count, example = one(
            connection,
            f"select count(*), min(text) from (select {text} as text from {file.table}) "  # noqa: S608
            "where text is not null and try_cast(text as double) is null",
        )
        if count:
            log.warning(
                "%s: %s: %s value(s) are no numbers, such as %r: unknown", file.path, column.column, count, example
            )
