"""What a table that nobody has described is to tell: its target column looked at, and what a block says of it."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from components.core.errors import CasebookError, nearest
from components.kits.tables.encoding.convert import convert
from components.kits.tables.encoding.spec import TableParams
from components.kits.tables.encoding.text import as_name
from components.kits.tables.hinted import COLUMN, NUMBERS, guess_hinted
from components.kits.tables.hints import Hints
from components.kits.tables.kinds import guess_column
from components.kits.tables.labels import (
    column_of,
    find_labels,
    find_values,
    listed,
    options_to_ignore,
    share_labelled,
    without_outcome,
)
from components.kits.tables.numbers.decide import Writing
from components.kits.tables.outcome.classes import FEWEST, SeveralClasses
from components.kits.tables.outcome.number import Number
from components.kits.tables.outcome.outcome import Outcome
from components.kits.tables.outcome.params import FEWEST_CLASSES, MOST_CLASSES, ClassesParams, NumberParams
from components.kits.tables.outcome.two import TwoClasses
from components.kits.tables.seen import Guess
from components.kits.tables.told import tell_of_columns, tell_of_words

log = logging.getLogger(__name__)

SHOWN = 5


@dataclass(frozen=True)
class Undescribed:
    """A table's raw rows; `missing` are texts of no value, `writing` tells how its file writes numbers, once asked."""

    frame: pd.DataFrame
    path: Path
    missing: tuple[str, ...]
    hints: Hints
    writing: Callable[[], Writing]

    def cells(self, target: str) -> tuple[pd.Series, str]:
        """Those of the target, and how a message about them begins."""
        return column_of(self.frame, target, self.path), f"{self.path}: column {target} (the target)"

    def values(self, target: str, ignore: Sequence[str]) -> dict[str, int]:
        """How many cells have each value."""
        cells, place = self.cells(target)
        return find_values(cells, self.hints.no_value(target, self.missing), place, ignore)


@dataclass(frozen=True)
class Sought:
    """`block` is what `prepare` states of the target; `labelled` the share of rows that have a value of it or are left
    out by it; `cells` (N,) the target as it is to be read.
    """

    block: dict[str, Any]
    labelled: float
    cells: pd.Series


class Aim(Protocol):
    """One kind of outcome, with what a person has said of it."""

    def look(self, table: Undescribed, target: str) -> Sought:
        """Raises CasebookError if the column is not there, or is none of the kind."""

    def outcome(self, block: dict[str, Any]) -> Outcome:
        """By a whole `prepare` block."""


@dataclass(frozen=True)
class TwoValues:
    """`positive` names the value to look for; without it the rarer one is taken. `as_truth` makes cells of 1 and 0 of
    the target's, where the caller knows which stand for the event; then one of the two may be missing.
    """

    positive: str | None = None
    ignore: tuple[str, ...] = ()
    as_truth: Callable[[pd.Series], pd.Series] | None = None

    def look(self, table: Undescribed, target: str) -> Sought:
        (cells, place), labels = table.cells(target), ("1", "0")
        if self.as_truth is None:
            labels = find_labels(cells, self.positive, table.missing, place, self.ignore)
            log.info("target %s: %r is the positive value, %r the negative one", target, *labels)
        else:
            cells = self.as_truth(cells)
        told = {"column": target, "positive": labels[0], "negative": labels[1], **_ignored(self.ignore)}
        return Sought({"target": told, "max_leak_auc": 0.99}, share_labelled(cells, (*labels, *self.ignore)), cells)

    def outcome(self, block: dict[str, Any]) -> Outcome:
        return TwoClasses(TableParams.model_validate(block))


@dataclass(frozen=True)
class Classes:
    """Classes of fewer than `least` rows are asked about; `merge` makes one of several values."""

    ignore: tuple[str, ...]
    merge: Mapping[str, tuple[str, ...]]
    least: int
    max_leak_auc: float

    def look(self, table: Undescribed, target: str) -> Sought:
        ignore = (*self.ignore, *table.hints.missing.get(target, ()))
        (cells, place), found = table.cells(target), table.values(target, ignore)
        tell_of_words(target, cells, table.hints)
        counts, merge = merged(found, self.merge, place)
        if not FEWEST_CLASSES <= len(counts) <= MOST_CLASSES:
            few = "; two values are a case of --recipe binary" if len(counts) == 2 else ""
            raise CasebookError(
                f"{place} has {len(counts)} different value(s), and of several classes there are {FEWEST_CLASSES} to "
                f"{MOST_CLASSES}: {listed(pd.Series(counts)) or 'every cell is empty'}{few}; --merge NAME=VALUE makes "
                "one class of several values"
            )
        self._ask_of_rare(counts, place)
        values = in_order(list(counts), cells)
        log.info("target %s: %d classes: %s", target, len(values), listed(pd.Series(counts)))
        told = {"column": target, "values": values, **({"merge": merge} if merge else {}), **_ignored(ignore)}
        own = {"min_class_rows": self.least, "max_leak_auc": self.max_leak_auc}
        return Sought({"target": told, **own}, share_labelled(cells, (*found, *ignore)), cells)

    def outcome(self, block: dict[str, Any]) -> Outcome:
        return SeveralClasses(ClassesParams.model_validate(block))

    def _ask_of_rare(self, counts: Mapping[str, int], place: str) -> None:
        rare = {value: count for value, count in counts.items() if count < self.least}
        if not rare:
            return
        lower = min(rare.values())
        own = f", --min-class-rows {lower} learns them from so few" if lower >= FEWEST else ""
        name = next(iter(rare)) if len(rare) > 1 else "other"
        merge = " ".join(f"--merge {name}={value}" for value in [*rare][:SHOWN] if value != name)
        raise CasebookError(
            f"{place}: {len(rare)} class(es) have fewer than {self.least} rows: {listed(pd.Series(rare))}; "
            f"{options_to_ignore([*rare][:SHOWN])} leaves their rows out, {merge} makes one class of them{own}"
        )


@dataclass(frozen=True)
class Amounts:
    """A number."""

    ignore: tuple[str, ...]
    max_leak_r2: float

    def look(self, table: Undescribed, target: str) -> Sought:
        cells, place = table.cells(target)
        table.values(target, self.ignore)
        texts = (*table.missing, *self.ignore)
        guess = guess_target(table, target, self.ignore)
        if guess.column is None or guess.column["kind"] not in NUMBERS:
            column: dict[str, Any] = {"kind": "numeric", "min": None, "max": None, **table.hints.told(target)}
        else:
            column = guess.column
            tell_of_columns({target: guess}, table.frame, table.hints)
        typed = convert(table.frame[[target]], {target: COLUMN.validate_python(column)}, texts)
        if (broken := typed.unreadable[target]).any():
            strange = as_name(cells[broken]).value_counts()
            leaves = ""
            if len(strange) <= SHOWN:
                leaves = f"{options_to_ignore(strange.index)} leaves their rows out if they have no outcome; or "
            raise CasebookError(
                f"{place}: {broken.sum()} of {len(cells)} value(s) are no numbers: {listed(strange)}; {leaves}correct "
                "them, or choose another column"
            )
        values = typed.frame[target].to_numpy(np.float64)
        known = ~np.isnan(values)
        log.info("target %s: %s", target, _told(values[known]))
        left_out = without_outcome(cells, self.ignore)
        told = {"column": target, **column, **_ignored(self.ignore)}
        own = {"target": told, "max_leak_r2": self.max_leak_r2}
        return Sought(own, (int(known.sum()) + left_out) / max(1, len(cells)), cells)

    def outcome(self, block: dict[str, Any]) -> Outcome:
        return Number(NumberParams.model_validate(block))


def guess_target(table: Undescribed, target: str, ignore: Sequence[str] = ()) -> Guess:
    """What the column would be taken for among the others."""
    cells, _ = table.cells(target)
    return guess_hinted(
        target, cells, (*table.missing, *ignore), table.hints, partial(guess_column, writing=table.writing())
    )


def merged(
    found: Mapping[str, int], merge: Mapping[str, tuple[str, ...]], place: str
) -> tuple[dict[str, int], dict[str, list[str]]]:
    """Counts by class, and `prepare.target.merge`: values that are asked for as they are written.

    Raises:
        CasebookError: one of them is no value of the column, or is to be in two classes.
    """
    written = {value.strip().casefold(): value for value in found}
    counts, told = dict(found), dict[str, list[str]]()
    for name, values in merge.items():
        for value in values:
            own = written.get(value.strip().casefold())
            if own is None:
                raise CasebookError(f"{place} has no value {value!r} to merge{nearest(value, list(found))}")
            if own not in counts:
                raise CasebookError(f"{place}: {value!r} is to be merged twice; a value is of one class")
            into = written.get(name.strip().casefold(), name)
            if own == into:
                continue
            counts[into] = counts.get(into, 0) + counts.pop(own)
            told.setdefault(into, []).append(own)
    return counts, told


def in_order(values: Sequence[str], cells: pd.Series) -> list[str]:
    """As the column has its categories, or by number, or else by the alphabet."""
    if isinstance(cells.dtype, pd.CategoricalDtype) and cells.dtype.ordered:
        places = {str(one).strip().casefold(): place for place, one in enumerate(cells.dtype.categories)}
        if all(value.casefold() in places for value in values):
            return sorted(values, key=lambda value: places[value.casefold()])
    try:
        return sorted(values, key=float)
    except ValueError:
        return sorted(values, key=lambda value: (value.casefold(), value))


def _ignored(ignore: Sequence[str]) -> dict[str, list[str]]:
    return {"ignore": [*ignore]} if ignore else {}


def _told(values: np.ndarray) -> str:
    if not len(values):
        return "no row has a value"
    low, middle, high = (float(one) for one in np.quantile(values, (0, 0.5, 1)))
    return f"{len(values):,} rows have a value, from {low:g} to {high:g}, the median is {middle:g}"
