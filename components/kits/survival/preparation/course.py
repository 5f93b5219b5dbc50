"""What a person says of a cohort's times when it becomes a case: where they stand, their unit, which are answered."""

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from components.core.errors import CasebookError
from components.kits.survival.cohort import ENTRY, TIME, CohortParams
from components.kits.survival.preparation.cohort import read_cohort
from components.kits.survival.preparation.intervals import look_like_intervals
from components.kits.survival.preparation.outcome import numbers_of
from components.kits.survival.units import PER_YEAR, Unit
from components.kits.tables.encoding.convert import as_floats, convert
from components.kits.tables.encoding.derive import evaluate

log = logging.getLogger(__name__)

LEAST_BEYOND = 0.1  # share of rows that are observed beyond a horizon
POINTS = 10  # of the grid of curves at least
LONGEST, SHORTEST = 130.0, 1 / 365.25  # years: a longest follow-up beyond either is in another unit than was thought


@dataclass(frozen=True)
class Course:
    """Of the outcome's columns: `entry`, when rows came under observation; `intervals`, whether rows are stretches of
    one follow-up that belong to whoever --group names; `dates`, the start and the end that the time lies between.
    `unit` is what the times are counted in, and horizons where a person names them.
    """

    entry: str | None = None
    intervals: bool = False
    dates: tuple[str, str] | None = None
    unit: Unit | None = None
    horizons: tuple[float, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Besides that of the time."""
        return (*(self.dates or ()), *([] if self.entry is None else [self.entry]))

    def unit_of_answers(self) -> Unit:
        """Years, unless horizons are named in another unit."""
        return self.unit if self.unit is not None and self.horizons else "years"


PLAIN = Course()


def target_of(
    course: Course, time: str | None, event: str, per_year: float, columns: Mapping[str, Any], path: Path
) -> dict[str, Any]:
    """`prepare.target`; `columns` are those that were guessed, which say how dates are written.

    Raises:
        CasebookError: a column of the two is none of dates; or units were stated for a time between dates.
    """
    if course.dates is None:
        assert time is not None
        entry = {} if course.entry is None else {"entry": quoted(course.entry)}
        return {"time": quoted(time), "event": quoted(event), "per_year": per_year, **entry}
    if per_year != PER_YEAR["days"]:
        raise CasebookError(f"{path}: what lies between --start-date and --end-date is in days; leave --per-year out")
    dated = {name: columns[name] for name in course.columns if columns.get(name, {}).get("kind") == "date"}
    if left := [name for name in course.dates if name not in dated]:
        raise CasebookError(
            f"{path}: column {left[0]}: no dates were found in it; say how they are written with --dates "
            f"{left[0]}=%d/%m/%Y, or name another column with --start-date and --end-date"
        )
    start, end = course.dates
    target = {"time": f"{quoted(end)} - {quoted(start)}", "event": quoted(event), "per_year": per_year}
    if course.entry is not None:
        since = f" - {quoted(start)}" if course.entry in dated else ""
        target["entry"] = f"{quoted(course.entry)}{since}"
    return {**target, "dates": dated}


def as_intervals(
    block: dict[str, Any], frame: pd.DataFrame, event: np.ndarray, path: Path, *, asked: bool, guessed: bool
) -> dict[str, Any]:
    """The block with one row for each whose rows are intervals, where that is `asked`; where the column by which rows
    stay together was `guessed` and they look like intervals, that is asked back.

    Raises:
        CasebookError: it must be asked; or no column says whose a row is.
    """
    whose = block["split"].get("column")
    if not asked:
        if whose is not None and guessed:
            _ask_of_intervals(block, frame, event, whose, path)
        return block
    if whose is None:
        raise CasebookError(f"{path}: --stop: no column says whose interval a row is; name it with --group")
    split = {name: value for name, value in block["split"].items() if name != "column"} | {"by": "stratified"}
    ignore = {name: reason for name, reason in block["ignore"].items() if name != whose}
    columns = {name: column for name, column in block["columns"].items() if name != whose}
    return {**block, "key": [whose], "intervals": whose, "split": split, "ignore": ignore, "columns": columns}


def _ask_of_intervals(block: dict[str, Any], frame: pd.DataFrame, event: np.ndarray, whose: str, path: Path) -> None:
    spec = CohortParams.model_validate(block)
    numbers = convert(frame, numbers_of(spec.target), spec.missing).frame
    time = evaluate(spec.target.time, {str(name): as_floats(numbers[name]) for name in numbers})
    if look_like_intervals(frame[whose], time, event):
        raise CasebookError(
            f"{path}: rows of one {whose} look like intervals of one follow-up: their times rise, and an event ends "
            f"the last. Are they? --stop {spec.target.time} takes the place of --time then, with --start COLUMN where "
            "the file says when each begins (else where the one before ended): they become one row each, with what is "
            f"known at the first start. --group {whose} says that each row is an observation of its own"
        )


def quoted(name: str) -> str:
    return name if name.isidentifier() else f"`{name}`"


def check_unit(longest: float, time: str, place: str) -> None:
    """Ask for the unit where the longest follow-up, in years, is none that a person or a thing is likely to have.

    Raises:
        CasebookError: it is over 130 years or under a day.
    """
    if SHORTEST <= longest <= LONGEST:
        return
    days = longest * PER_YEAR["days"]
    others = {unit: days / PER_YEAR[unit] for unit in PER_YEAR if unit != "days"}
    fit = [f"{unit} ({years:.3g} years)" for unit, years in others.items() if SHORTEST * 30 <= years <= LONGEST]
    shown = f"{longest:.0f} years" if longest > LONGEST else f"{days:.2g} days"
    raise CasebookError(
        f"{place}: column {time}: a longest follow-up of {shown}: are these days? Say what they count with --unit"
        + (f", such as {' or '.join(fit[:2])}" if fit else f", one of {', '.join(PER_YEAR)}")
        + "; --unit days says that they are days"
    )


def fitted_curve(prepare: Mapping[str, Any], path: Path, course: Course, curve: Mapping[str, Any]) -> dict[str, Any]:
    """`model.curve` for the cohort of a `prepare` block: the horizons that a person names, or those of the pattern
    that a tenth of the rows are observed for.

    Raises:
        CasebookError: fewer than two are, or one that was named is not; or the unit of the times must be asked.
    """
    spec = CohortParams.model_validate(prepare)
    rows = read_cohort(path, spec.target, spec).rows
    time, entry = rows[TIME].to_numpy(), rows[ENTRY].to_numpy() if ENTRY in rows else np.full(len(rows), -np.inf)
    if course.unit is None and course.dates is None and spec.target.per_year == PER_YEAR["days"]:
        check_unit(float(time.max(initial=0.0)) / PER_YEAR[spec.unit], spec.target.time, str(path))
    wanted = course.horizons or tuple(curve["horizons"])
    kept = [one for one in wanted if len(time) and np.mean((time > one) & (entry <= one)) >= LEAST_BEYOND]
    if course.horizons and (left := [one for one in wanted if one not in kept]):
        raise CasebookError(
            f"{path}: column {spec.target.time}: under a tenth of the rows are observed beyond {left[0]:g} {spec.unit} "
            f"(the longest is {time.max():.4g}); leave it out of --horizons, or say with --unit what the times count"
        )
    if len(kept) < 2:
        longest = f"the longest is {time.max():.2f}" if len(time) else "none is a number"
        raise CasebookError(
            f"{path}: column {spec.target.time}: too few rows are observed beyond {wanted[0]:g} and {wanted[-1]:g} "
            f"{spec.unit} ({longest}); say with --unit what it counts, such as --unit months, or name what is to be "
            "answered, such as --unit days --horizons 30,90,180"
        )
    if len(kept) < len(wanted):
        shown = ", ".join(f"{one:g}" for one in kept)
        log.info("horizons: %s %s; too few rows are observed for longer", shown, spec.unit)
    return {**curve, "horizons": kept, "step": _step(kept, curve["step"]) if course.horizons else curve["step"]}


def _step(horizons: Sequence[float], usual: float) -> float:
    """Of a grid that all horizons lie on."""
    exact = [Fraction(str(one)) for one in horizons]
    if all((one / Fraction(str(usual))).denominator == 1 for one in exact) and exact[-1] / Fraction(str(usual)) <= 100:
        return usual
    bottom = math.lcm(*(one.denominator for one in exact))
    common = Fraction(math.gcd(*(int(one * bottom) for one in exact)), bottom)
    parts = max(1, math.ceil(POINTS * common / exact[-1]))
    return float(common / parts)
