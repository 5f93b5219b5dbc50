"""Whole files of events, held against how the model's own are written: times of another unit, ratings that are none."""

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from components.core.errors import CasebookError
from components.recipes.next_item.encoding.numbers import absent, numbers
from components.recipes.next_item.encoding.odd_times import LATEST, is_odd
from components.recipes.next_item.encoding.times import DATETIME, EXCEL, SECOND, UNITS
from components.recipes.next_item.preparation.times import BATCH, FITS, TimesSeen, shown

log = logging.getLogger(__name__)

FEW = 0.5  # share of likely times below which another unit is looked for


def refuse_other_times(connection: duckdb.DuckDBPyConnection, source: Path, data: Mapping[str, Any]) -> None:
    """See that the column `time` of the table `raw` is in the unit of the model's own times.

    Raises:
        CasebookError: hardly any of them is a likely time in it, and nearly all are in another unit.
    """
    unit, name = data["spec"]["time_unit"], data["columns"]["time"]
    if is_odd(np.array([data["first_time"] * SECOND]), unit).any():  # the model's own times are no likely ones
        return
    seen = TimesSeen(unit, LATEST)
    for batch in connection.cursor().sql("select time from raw").to_arrow_reader(BATCH):
        seen.add(batch["time"], absent(batch["time"], data["spec"]["missing"]))
    best = seen.best()
    if best == unit or seen.likely[unit].count >= FEW * seen.given or seen.likely[best].count < FITS * seen.given:
        return
    read = f"; as {unit} they run {seen.whole.told}" if seen.whole.count else ""
    raise CasebookError(
        f"{source}: column {name}: its {seen.given} time(s), such as {seen.shown!r}, are {best} "
        f"({seen.likely[best].told}), and the model's are {unit}{read}; write them as {unit}, such as "
        f"{_example(seen, unit)}"
    )


def say_of_zeros(source: Path, unknown: str, known: Iterable[str | None]) -> None:
    """Tell that an id which the model does not know is one of its own with other zeros before it."""
    bare = unknown.lstrip("0")
    alike = [one for one in known if one and one.lstrip("0") == bare] if bare.isdigit() else []
    if alike and unknown not in alike:
        log.warning(
            "%s: %r is %r in the model: zeros before a number are part of an id, which a spreadsheet may take off; "
            "write ids as the model has them", source.name, unknown, alike[0],
        )  # fmt: skip


def _example(seen: TimesSeen, unit: str) -> str:
    """The first of the times as the model has them."""
    moment = seen.likely[seen.best()].first
    if unit == DATETIME:
        return shown(moment)
    return f"{moment / UNITS[unit] + (EXCEL if unit == 'excel_days' else 0):.15g}"


def refuse_no_rating(connection: duckdb.DuckDBPyConnection, source: Path, data: Mapping[str, Any]) -> None:
    """See that a rating of the table `raw` can be read, if any stands there.

    Raises:
        CasebookError: none is a number.
    """
    given, example = 0, ""
    for batch in connection.cursor().sql("select rating from raw").to_arrow_reader(BATCH):
        cells = batch["rating"].filter(pa.array(~absent(batch["rating"], data["spec"]["missing"])))
        if np.isfinite(numbers(cells)).any():
            return
        example = example or (str(cells[0].as_py())[:60] if len(cells) else "")
        given += len(cells)
    if given:
        raise CasebookError(
            f"{source}: column {data['columns']['rating']}: none of its {given} rating(s) is a number, such as "
            f"{example!r}; write numbers, as in training, or leave the column out"
        )
