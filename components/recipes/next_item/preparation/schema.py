"""Raw rows as typed events, and the rows that break the schema."""

from collections.abc import Mapping
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from components.core.errors import CasebookError
from components.core.forgotten import FIRST
from components.recipes.next_item.encoding.events import SOUND, Read, Reading, read_cells
from components.recipes.next_item.encoding.times import DATETIME
from components.recipes.next_item.params.interactions import InteractionsParams
from components.recipes.next_item.preparation.database import one, quoted
from components.recipes.next_item.preparation.ids import ToldIds
from components.recipes.next_item.preparation.read import FLOATS, INTEGERS, RawFile, open_raw, unreadable
from components.recipes.next_item.preparation.times import AUTO, find_unit

TYPED = (
    "create table typed (event bigint, user varchar, item varchar, moment bigint, rating float, breach tinyint, "
    "time_text varchar, rating_text varchar)"
)
REJECTED = (
    "create table rejected (event bigint, reason varchar, user varchar, item varchar, time varchar, rating varchar)"
)
SHOWN = 5
ZEROS = 0.5  # share of the ratings that is hardly one rating among others
BATCH = 1 << 18


def read_events(connection: duckdb.DuckDBPyConnection, raw: RawFile, spec: InteractionsParams) -> dict[str, int]:
    """Fill the table `typed` from `raw` and `rejected` with the rows that break the schema, counted by reason.

    `typed` (event, user, item, moment, rating, breach): event is the row's number from 1, moment
    the microseconds since 1970, breach null where the row is sound.

    Raises:
        CasebookError: the file has no rows, an id can be none, or more rows break the schema than `max_rejected`
            allows.
    """
    connection.execute(TYPED)
    _read(connection, raw, spec)
    connection.execute("drop table raw")
    connection.execute(REJECTED)
    reasons = _reasons(spec)
    connection.execute(
        "insert into rejected select event, (?::varchar[])[breach + 1], user::varchar, item::varchar, time_text, "
        "rating_text from typed where breach is not null",
        [reasons],
    )
    counts = dict(connection.execute("select reason, count(*) from rejected group by all order by all").fetchall())
    _check_share(connection, counts, raw, spec)
    _check_ratings(connection, raw, spec)
    return counts


def load_cells(connection: duckdb.DuckDBPyConnection, raw: RawFile, spec: InteractionsParams) -> InteractionsParams:
    """Fill the table `raw` (event, user, item, time, rating) with the cells as they stand; the params with the unit
    that the times are in.

    Raises:
        CasebookError: the file cannot be read, a column is of a type that it cannot have, or its times are hardly those
            of events.
    """
    _check_types(raw, spec)
    named = spec.columns.model_dump()
    cells = ", ".join(f"{raw.columns[name][0]} as {role}" for role, name in named.items() if name is not None)
    try:
        connection.execute(f"create table raw as select {raw.row} as event, {cells} from {raw.table}")  # noqa: S608
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        raise unreadable(raw, error) from None
    return spec.model_copy(update={"time_unit": find_unit(connection, raw, spec)})


def _read(connection: duckdb.DuckDBPyConnection, raw: RawFile, spec: InteractionsParams) -> None:
    """Fill `typed` from `raw`, by the reader of whoever answers."""
    reading, told = Reading.of(spec.model_dump()), ToldIds(raw.path)
    gone = ", ".join(map(quoted, spec.forgotten))
    digest = f"sha256({quoted(FIRST)} || chr(10) || user)"  # as `digest_of`
    kept = f"where user is null or {digest} not in ({gone})" if gone else ""
    for batch in connection.cursor().sql("from raw").to_arrow_reader(BATCH):
        rows = dict(zip(batch.schema.names, batch.columns, strict=True))
        event = rows.pop("event")
        read = read_cells(rows, reading)
        for role, ids in (("user", read.user), ("item", read.item)):
            told.add(getattr(spec.columns, role), ids, event.to_numpy())
        connection.register("piece", _typed(rows, event, read))
        connection.execute(f"insert into typed from piece {kept}")
        connection.unregister("piece")
    told.say()


def _typed(rows: Mapping[str, pa.Array], event: pa.Array, read: Read) -> pa.Table:
    breach = pa.array(read.breach, mask=read.breach == SOUND)
    empty = pa.nulls(len(event), pa.string())
    return pa.table(
        {
            "event": event,
            "user": pa.array(read.user.texts, pa.string(), mask=read.user.texts == ""),
            "item": pa.array(read.item.texts, pa.string(), mask=read.item.texts == ""),
            "moment": pa.array(read.moment, mask=read.breach != SOUND),
            "rating": pa.array(read.rating, from_pandas=True),
            "breach": breach,
            "time_text": pc.if_else(breach.is_valid(), rows["time"].cast(pa.string()), empty),
            "rating_text": pc.if_else(breach.is_valid(), rows["rating"].cast(pa.string()), empty)
            if "rating" in rows
            else empty,
        }
    )


def _check_types(raw: RawFile, spec: InteractionsParams) -> None:
    """Typed columns of a Parquet file must be what they are to be read as; texts are tried."""
    for role in ("user", "item"):
        raw.check_ids(getattr(spec.columns, role))
    for role, name in (("time", spec.columns.time), ("rating", spec.columns.rating)):
        if name is not None:
            raw.check_single(name, role)
    kind = raw.columns[spec.columns.time][1]
    if spec.time_unit not in (AUTO, DATETIME) and kind != "VARCHAR" and not _is_number(kind):
        raise CasebookError(
            f"{raw.path}: column {spec.columns.time}: its type is {kind}, and prepare.time_unit is {spec.time_unit!r}; "
            "set it to datetime"
        )


def _is_number(kind: str) -> bool:
    return kind in INTEGERS | FLOATS or kind.startswith("DECIMAL")


def _reasons(spec: InteractionsParams) -> list[str]:
    """What each value of `breach` means."""
    columns = spec.columns
    unreadable_time = "not a date" if spec.time_unit == "datetime" else "not a number"
    return [
        f"{columns.user}: no value",
        f"{columns.item}: no value",
        f"{columns.time}: no value",
        f"{columns.time}: {unreadable_time}",
        f"{columns.time}: infinite",
        f"{columns.time}: beyond the years 1684 to 2255 as {spec.time_unit}",
        f"{columns.rating}: not a number",
        f"{columns.time}: set aside as odd (prepare.odd_times)",
    ]


def _check_share(
    connection: duckdb.DuckDBPyConnection, counts: dict[str, int], raw: RawFile, spec: InteractionsParams
) -> None:
    (rows,) = one(connection, "select count(*) from typed")
    assert isinstance(rows, int)
    if rows == 0:
        raise CasebookError(f"{raw.path}: it has columns but no rows; give a file with events")
    broken = sum(counts.values())
    if broken <= spec.max_rejected * rows:
        return
    cells = {spec.columns.user: "user", spec.columns.item: "item", spec.columns.time: "time"}
    lines = []
    for reason, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:SHOWN]:
        first = connection.execute("select * from rejected where reason = ? order by event limit 1", [reason])
        example = dict(zip(("event", "reason", "user", "item", "time", "rating"), first.fetchall()[0], strict=True))
        cell = example[cells.get(reason.rpartition(": ")[0], "rating")]
        lines.append(f"  {count} row(s), such as row {example['event']}: {reason}: {(cell or '')[:60]!r}")
    raise CasebookError(
        f"{raw.path}: {broken} of {rows} rows ({broken / rows:.1%}) break the schema, and prepare.max_rejected allows "
        f"{spec.max_rejected:.1%}:\n" + "\n".join(lines) + "\n"
        "correct the file, or time_unit, missing or max_rejected under prepare"
    )


def _check_ratings(connection: duckdb.DuckDBPyConnection, raw: RawFile, spec: InteractionsParams) -> None:
    """Ask what the column of ratings is where it is empty, or a 0 may be none."""
    if spec.columns.rating is None or spec.zero_rating is not None:
        return
    query = "select count(*), count(rating), count(*) filter (where rating = 0) from typed where breach is null"
    events, rated, zeros = (int(str(count)) for count in one(connection, query))
    where = f"{raw.path}: column {spec.columns.rating}"
    if not rated:
        raise CasebookError(f"{where}: none of {events} events has a rating; set prepare.columns.rating: null")
    if zeros == rated:
        raise CasebookError(
            f"{where}: all {rated} ratings are 0: set prepare.columns.rating: null to go without, or "
            "prepare.zero_rating: rating if 0 is one"
        )
    if zeros >= ZEROS * rated:
        raise CasebookError(
            f"{where}: {zeros} of {rated} ratings ({zeros / rated:.0%}) are 0: set prepare.zero_rating: missing if a 0 "
            "means that there is none, or rating if it is one"
        )


def open_events(connection: duckdb.DuckDBPyConnection, folder: Path, spec: InteractionsParams) -> RawFile:
    columns = spec.columns
    needed = [columns.user, columns.item, columns.time, *([columns.rating] if columns.rating else [])]
    return open_raw(connection, folder / spec.file, needed, "prepare.columns", spec.read)
