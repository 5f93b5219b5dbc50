"""Raw rows as typed events, and the rows that break the schema."""

from pathlib import Path

import duckdb

from components.core.errors import CasebookError
from components.core.forgotten import FIRST
from components.recipes.next_item.params.interactions import InteractionsParams
from components.recipes.next_item.preparation.database import one, quoted
from components.recipes.next_item.preparation.read import FLOATS, INTEGERS, RawFile, open_raw, unreadable

# Microseconds since 1970, as a float so that infinity stays one; doubles are exact up to 2^53.
MOMENTS = {
    "seconds": "try_cast(time as double) * 1000000",
    "milliseconds": "try_cast(time as double) * 1000",
    "microseconds": "try_cast(time as double)",
    "datetime": "case when isfinite(stamp) then epoch_us(stamp)::double when stamp is not null then 'inf' end",
}
TYPED = """
create table typed as
with stamped as (select *, try_cast({stamp} as timestamptz) as stamp from raw),
read as (select *, {moment} as moment, try_cast(rating as float) as score from stamped)
select event, user, item, score as rating,
  case when isfinite(moment) and abs(moment) < 9e15 then round(moment)::bigint end as moment,
  case
    when user is null then 0
    when item is null then 1
    when time is null then 2
    when moment is null then 3
    when not isfinite(moment) then 4
    when abs(moment) >= 9e15 then 5
    when rating is not null and (score is null or not isfinite(score)) then 6
  end::tinyint as breach,
  case when breach is not null then time::varchar end as time_text,
  case when breach is not null then rating::varchar end as rating_text
from read
"""
REJECTED = (
    "create table rejected (event bigint, reason varchar, user varchar, item varchar, time varchar, rating varchar)"
)
SHOWN = 5


def read_events(connection: duckdb.DuckDBPyConnection, raw: RawFile, spec: InteractionsParams) -> dict[str, int]:
    """Fill the table `typed` from the file and `rejected` with the rows that break the schema, counted by reason.

    `typed` (event, user, item, moment, rating, breach): event is the row's number from 1, moment
    the microseconds since 1970, breach null where the row is sound.

    Raises:
        CasebookError: the file has no rows or cannot be read, its time column is of another type
            than `time_unit` says, or more rows break the schema than `max_rejected` allows.
    """
    _check_time(raw, spec)
    _open_view(connection, raw, spec)
    stamp = "time" if spec.time_unit == "datetime" else "null"
    try:
        connection.execute(TYPED.format(stamp=stamp, moment=MOMENTS[spec.time_unit]))
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        raise unreadable(raw, error) from None
    connection.execute(REJECTED)
    reasons = _reasons(spec)
    connection.execute(
        "insert into rejected select event, (?::varchar[])[breach + 1], user::varchar, item::varchar, time_text, "
        "rating_text from typed where breach is not null",
        [reasons],
    )
    counts = dict(connection.execute("select reason, count(*) from rejected group by all order by all").fetchall())
    _check_share(connection, counts, raw, spec)
    return counts


def _open_view(connection: duckdb.DuckDBPyConnection, raw: RawFile, spec: InteractionsParams) -> None:
    columns, missing = spec.columns, spec.missing
    rating = raw.number(columns.rating, missing) if columns.rating else "null::float"
    rows = (
        f"select {raw.row} as event, {raw.identifier(columns.user, missing)} as user, "  # noqa: S608
        f"{raw.identifier(columns.item, missing)} as item, {raw.number(columns.time, missing)} as time, "
        f"{rating} as rating from {raw.table}"
    )
    if spec.forgotten:
        gone = ", ".join(map(quoted, spec.forgotten))
        digest = f"sha256({quoted(FIRST)} || chr(10) || user::varchar)"  # as `digest_of`
        rows = f"select * from ({rows}) where user is null or {digest} not in ({gone})"  # noqa: S608
    connection.execute(f"create temp view raw as {rows}")


def _check_time(raw: RawFile, spec: InteractionsParams) -> None:
    """Typed columns of a Parquet file must be what `time_unit` says; texts are tried."""
    kind = raw.columns[spec.columns.time][1]
    is_number = kind in INTEGERS | FLOATS or kind.startswith("DECIMAL")
    if kind != "VARCHAR" and is_number == (spec.time_unit == "datetime"):
        raise CasebookError(
            f"{raw.path}: column {spec.columns.time}: its type is {kind}, and prepare.time_unit is {spec.time_unit!r}; "
            f"set it to {'seconds, milliseconds or microseconds' if is_number else 'datetime'}"
        )


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


def open_events(connection: duckdb.DuckDBPyConnection, folder: Path, spec: InteractionsParams) -> RawFile:
    columns = spec.columns
    needed = [columns.user, columns.item, columns.time, *([columns.rating] if columns.rating else [])]
    return open_raw(connection, folder / spec.file, needed, "prepare.columns", spec.read)
