"""A target of several classes."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from components.core.errors import CasebookError
from components.kits.tables.encoding.spec import Column
from components.kits.tables.hindsight import Hindsight, find_of_classes
from components.kits.tables.labels import Given, without_outcome
from components.kits.tables.outcome.leaks import check_class_leaks
from components.kits.tables.outcome.params import ClassesParams
from components.kits.tables.outcome.shares import ClassShares, ask_of_shares, class_chance
from components.kits.tables.split import MOST_FOLDS, deal_rows

FEWEST = 3  # rows of a class: one for each split


class SeveralClasses:
    """Answers are int8: the place of the row's class in `target.values`."""

    def __init__(self, spec: ClassesParams) -> None:
        self.spec, self.values, self.differing = spec, spec.target.values, "different classes"

    def numbers(self) -> Mapping[str, Column]:
        return {}

    def read(self, frame: pd.DataFrame, file: Path) -> pd.Series:
        return read_classes(frame, self.spec, file)

    def left_out(self, frame: pd.DataFrame) -> int:
        return without_outcome(frame[self.spec.target.column], self.spec.target.ignore)

    def answers(self, target: pd.Series) -> np.ndarray:
        return target.to_numpy(np.int8)

    def check(self, answers: np.ndarray, place: str) -> None:
        """Each class has rows for every split, and no fewer than the block takes without a question."""
        counts = np.bincount(answers, minlength=len(self.values))
        place = f"{place}: column {self.spec.target.column} (the target)"
        if absent := [value for value, count in zip(self.values, counts, strict=True) if not count]:
            raise CasebookError(
                f"{place} is {absent[0]!r} in no row; take it out of prepare.target.values, or give rows of it"
            )
        least = self.spec.min_class_rows
        rare = {value: int(count) for value, count in zip(self.values, counts, strict=True) if count < least}
        if not rare:
            return
        told = ", ".join(f"{value!r} ({count})" for value, count in rare.items())
        lower = min(rare.values())
        own = f", or prepare.min_class_rows: {lower} to learn them from so few" if lower >= FEWEST else ""
        raise CasebookError(
            f"{place}: {len(rare)} class(es) have fewer than {least} rows: {told}; merge them with another in "
            f"prepare.target.merge (`{{other: [{', '.join(rare)}]}}` beside other among prepare.target.values), leave "
            f"their rows out by prepare.target.ignore{own}"
        )

    def too_few(self, answers: np.ndarray) -> bool:
        return bool(np.bincount(answers, minlength=len(self.values)).min() < FEWEST)

    def split(self, by: pd.Series, answers: np.ndarray) -> dict[str, np.ndarray]:
        return split_classes(by, answers, self.spec)

    def strata(self, answers: np.ndarray) -> np.ndarray:
        return answers

    def count(self, splits: Mapping[str, np.ndarray], answers: np.ndarray, groups: np.ndarray | None) -> ClassShares:  # noqa: ARG002 - as every outcome's
        return ClassShares.of(splits, answers, self.values)

    def chance(self, splits: Mapping[str, np.ndarray], answers: np.ndarray, groups: np.ndarray | None) -> float:
        return class_chance(self.count(splits, answers, groups), answers, groups)

    def check_shares(self, splits: Mapping[str, np.ndarray], answers: np.ndarray, groups: np.ndarray | None) -> None:
        if self.spec.split.by != "stratified":
            ask_of_shares(self.count(splits, answers, groups), self.chance(splits, answers, groups), self.spec)

    def check_leaks(self, train: pd.DataFrame, answers: np.ndarray) -> None:
        check_class_leaks(train, answers, self.spec)

    def suspects(self, train: pd.DataFrame, answers: np.ndarray, groups: np.ndarray | None) -> list[Hindsight]:
        return find_of_classes(train, answers, self.spec, groups)


def read_classes(frame: pd.DataFrame, spec: ClassesParams, file: Path) -> pd.Series:
    """The place of each raw row's class as Int8 (N,), missing where nothing is known.

    Labels are compared without case and blanks. One of the `missing` texts may be a label.

    Raises:
        CasebookError: a cell is none of `target.values`, nor of what is merged with one, ignored or missing.
    """
    target = spec.target
    given = Given.of(frame[target.column], target.codes, (*spec.missing, *target.ignore))
    if given.unknown.any():
        raise CasebookError(
            f"{file}: column {target.column} (the target) has {given.unknown.sum()} value(s) that are none of its "
            f"{len(target.values)} classes: {given.told()}; correct them, add them to prepare.target.values or "
            "prepare.target.merge, to prepare.missing, or to prepare.target.ignore if their rows have no outcome"
        )
    return given.codes


def split_classes(by: pd.Series, answers: np.ndarray, spec: ClassesParams) -> dict[str, np.ndarray]:
    """The positions of each split's rows, ascending; each class is in every split.

    Raises:
        CasebookError: one is not, or the times of a split by time are no times.
    """
    splits = deal_rows(by, class_strata(answers) if spec.split.by == "group" else answers, spec)
    for name, rows in splits.items():
        counts = np.bincount(answers[rows], minlength=len(spec.target.values))
        if absent := [value for value, count in zip(spec.target.values, counts, strict=True) if not count]:
            raise CasebookError(
                f"{spec.file}: split {spec.split.by!r} leaves {name} without {', '.join(map(repr, absent))} among "
                f"{len(rows)} rows; every class is needed in every split: more rows of them, other shares or another "
                "column under prepare.split; or merge them with another class (prepare.target.merge), or leave them "
                "out (prepare.target.ignore)"
            )
    return splits


def class_strata(answers: np.ndarray) -> np.ndarray:
    """Classes (N,), those of next to no rows together: neither whole groups nor folds can be dealt by each of them."""
    counts = np.bincount(answers)
    strata = np.where(counts < MOST_FOLDS, len(counts), np.arange(len(counts)))
    return strata[answers]
