"""Which unit a column of times is in: by what the times would be, before any is read."""

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import duckdb
import numpy as np
import pyarrow as pa

from components.core.errors import CasebookError
from components.recipes.next_item.encoding.numbers import absent, numbers
from components.recipes.next_item.encoding.odd_times import is_odd
from components.recipes.next_item.encoding.times import DATETIME, EPOCH, SECOND, counted, moments
from components.recipes.next_item.params.interactions import InteractionsParams, TimeUnit
from components.recipes.next_item.preparation.read import RawFile

log = logging.getLogger(__name__)

AUTO = "auto"
BATCH = 1 << 18
FITS = 0.99  # share of the times that a unit makes likely ones
STRAY = 0.001  # share of odd times that is told, and not asked
YEARS = (1900, 2100)
COUNTED: tuple[TimeUnit, ...] = ("seconds", "milliseconds", "microseconds", "nanoseconds", "days", "excel_days")
EVERY: tuple[TimeUnit, ...] = (*COUNTED, DATETIME)


@dataclass
class Span:
    """How many times are likely in a unit, and the first and last moment among them."""

    count: int = 0
    first: float = np.inf
    last: float = -np.inf

    def add(self, moment: np.ndarray) -> None:
        if len(moment):
            self.count += len(moment)
            self.first, self.last = min(self.first, float(moment.min())), max(self.last, float(moment.max()))

    @property
    def told(self) -> str:
        return f"from {shown(self.first)} to {shown(self.last)}"


@dataclass
class TimesSeen:
    """Of the cells that hold a time: how many, how many are 0 or a year's number, and what each unit makes of them.

    `whole` are all those that `unit` can read, `odd` an example of what it makes no likely time of, `shown` of any.
    """

    unit: TimeUnit
    latest: int
    given: int = 0
    zeros: int = 0
    years: int = 0
    odd: str | None = None
    shown: str = ""
    whole: Span = field(default_factory=Span)
    likely: dict[TimeUnit, Span] = field(default_factory=lambda: {unit: Span() for unit in EVERY})

    def add(self, cells: pa.Array, none: np.ndarray) -> None:
        cells = cells.filter(pa.array(~none))
        if not self.given and len(cells):
            self.shown = str(cells[0].as_py())[:60]
        self.given += len(cells)
        if pa.types.is_temporal(cells.type):
            return self._add_unit(cells, DATETIME)
        counts = numbers(cells)
        self.zeros += int((counts == 0).sum())
        self.years += int(((counts >= YEARS[0]) & (counts <= YEARS[1]) & (counts == np.rint(counts))).sum())
        for unit in COUNTED:
            self._add_moments(cells, unit, counted(counts, unit))
        if self.unit in (DATETIME, AUTO) or self.likely[self.unit].count < FITS * self.given:
            self._add_unit(cells, DATETIME)
        return None

    def _add_unit(self, cells: pa.Array, unit: TimeUnit) -> None:
        found, wrong = moments(cells, unit)
        self._add_moments(cells, unit, np.where(wrong > 0, np.nan, found))

    def _add_moments(self, cells: pa.Array, unit: TimeUnit, moment: np.ndarray) -> None:
        """`moment` (N,) float64, NaN where the cell is none."""
        read = np.isfinite(moment)
        odd = is_odd(moment, unit, self.latest)
        self.likely[unit].add(moment[read & ~odd])
        if unit == self.unit:
            self.whole.add(moment[read])
            if self.odd is None and (strange := read & odd).any():
                self.odd = str(cells[int(strange.argmax())].as_py())[:60]

    @property
    def strange(self) -> int:
        """How many times of the unit are hardly ones."""
        return self.whole.count - self.likely[self.unit].count

    def best(self) -> TimeUnit:
        """The unit that makes the most likely times."""
        return max(self.likely, key=lambda unit: self.likely[unit].count)


def find_unit(connection: duckdb.DuckDBPyConnection, raw: RawFile, spec: InteractionsParams) -> TimeUnit:
    """The unit of the column `time` of the table `raw`: what the params say, if the times bear it out.

    Raises:
        CasebookError: no unit makes times of them, another one than is said would, there are several, some times are
            hardly ones, or all are the same.
    """
    unit, where = spec.time_unit, f"{raw.path}: column {spec.columns.time}"
    seen = _look(connection, spec, unit)
    if unit == AUTO:
        unit = _decide(seen, where, spec)
        seen = _look(connection, spec, unit)
        log.warning("%s: prepare.time_unit: auto: times are taken for %s, %s", where, unit, seen.likely[unit].told)
    if seen.given and not seen.whole.count:
        what = f"{where}: none of its {seen.given} values is a time as {unit}, such as {seen.shown!r}"
        raise CasebookError(f"{what}: {_said(seen)}")
    if seen.whole.count > 1 and seen.whole.first == seen.whole.last:
        raise CasebookError(
            f"{where}: all {seen.whole.count} times are {shown(seen.whole.first)}: what came after what cannot be "
            "known; give each event its own time"
        )
    if seen.strange and spec.odd_times is None:
        _ask(seen, where)
    return unit


def _look(connection: duckdb.DuckDBPyConnection, spec: InteractionsParams, unit: TimeUnit) -> TimesSeen:
    latest = int(datetime(datetime.now(UTC).year + 2, 1, 1, tzinfo=UTC).timestamp()) * SECOND
    seen = TimesSeen(unit, latest)
    for batch in connection.cursor().sql("select time from raw").to_arrow_reader(BATCH):
        seen.add(batch["time"], absent(batch["time"], spec.missing))
    return seen


def _decide(seen: TimesSeen, where: str, spec: InteractionsParams) -> TimeUnit:
    """The unit that nearly all times are in, or where odd ones are known of, most of the others."""
    unit = seen.best()
    count = seen.likely[unit].count
    if not count or (count < FITS * seen.given and spec.odd_times is None):
        raise CasebookError(
            f"{where}: prepare.time_unit is auto, and its {seen.given} times are of no one unit: {_said(seen)}; set "
            f"prepare.time_unit to one of {', '.join(EVERY)}"
        )
    return unit


def _ask(seen: TimesSeen, where: str) -> None:
    what = (
        f"{where}: as {seen.unit} the {seen.whole.count} times run {seen.whole.told}, and {seen.strange} of them are "
        f"hardly times of events, such as {seen.odd!r}"
    )
    if seen.strange <= STRAY * seen.given:
        log.warning("%s", what)
        return
    raise CasebookError(
        f"{what}: {_said(seen)}; if they are right as they are set prepare.odd_times: keep, or set_aside to leave such "
        "events out"
    )


def _said(seen: TimesSeen) -> str:
    """What would fit, and the key for it."""
    fit, rest = seen.best(), seen.given - seen.zeros
    good = {unit: span for unit, span in seen.likely.items() if span.count > STRAY * seen.given}
    if fit != seen.unit and seen.likely[fit].count >= FITS * seen.given:
        return f"as {fit} they run {seen.likely[fit].told}: set prepare.time_unit: {fit}"
    if len(good) > 1 and sum(span.count for span in good.values()) >= FITS * rest:
        units = " and ".join(f"{span.count} are {unit} ({span.told})" for unit, span in good.items())
        return f"{units}; write them all in one unit"
    if seen.zeros and fit in good and seen.likely[fit].count >= FITS * rest:
        return f"{seen.zeros} are 0, the others are {fit} and run {seen.likely[fit].told}"
    if seen.years >= FITS * rest:
        return "they are years, which say nothing of the order within one; give dates"
    if fit in good:
        return f"{seen.likely[fit].count} are {fit} and run {seen.likely[fit].told}"
    return "no unit makes them lie between 1980 and the end of next year"


def shown(moment: float) -> str:
    try:
        return str((EPOCH + timedelta(microseconds=moment)).replace(tzinfo=None, microsecond=0))
    except OverflowError:
        return "after the year 9999" if moment > 0 else "before the year 1"
