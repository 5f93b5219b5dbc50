"""A target that is a number."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from components.core.errors import CasebookError
from components.kits.tables.encoding.convert import convert
from components.kits.tables.encoding.spec import Column
from components.kits.tables.encoding.values import UNREADABLE
from components.kits.tables.hindsight import Hindsight, find_of_number
from components.kits.tables.labels import without_outcome
from components.kits.tables.outcome.leaks import check_number_leaks
from components.kits.tables.outcome.params import NumberParams
from components.kits.tables.outcome.shares import NumberShares, ask_of_shares, number_chance
from components.kits.tables.split import deal_rows

STRATA = 10  # of equally many rows: each split has its share of small and of large values
FEWEST = 30  # rows: fewer cannot be learned from and judged by
FEWEST_KINDS = 3  # different values in each split: of fewer a number is two classes


class Number:
    """Answers are float64: the target, as its column says how to read it."""

    def __init__(self, spec: NumberParams) -> None:
        self.spec, self.differing = spec, f"different values of {spec.target.column}"

    def numbers(self) -> Mapping[str, Column]:
        return numbers_of(self.spec)

    def read(self, frame: pd.DataFrame, file: Path) -> pd.Series:
        return read_number(frame, self.spec, file)

    def left_out(self, frame: pd.DataFrame) -> int:
        return without_outcome(frame[self.spec.target.column], self.spec.target.ignore)

    def answers(self, target: pd.Series) -> np.ndarray:
        return target.to_numpy(np.float64)

    def check(self, answers: np.ndarray, place: str) -> None:
        """There are rows enough, of different values."""
        place = f"{place}: column {self.spec.target.column} (the target)"
        if len(answers) < FEWEST:
            raise CasebookError(f"{place} has {len(answers)} row(s) with a value; {FEWEST} are needed to learn from")
        if len(kinds := np.unique(answers)) < FEWEST_KINDS:
            raise CasebookError(
                f"{place} has {len(kinds)} different value(s), {', '.join(f'{value:g}' for value in kinds)}: it is no "
                "number to predict; two values are a case of the recipe binary"
            )

    def too_few(self, answers: np.ndarray) -> bool:
        return len(answers) < FEWEST

    def split(self, by: pd.Series, answers: np.ndarray) -> dict[str, np.ndarray]:
        splits = deal_rows(by, self.strata(answers), self.spec)
        for name, rows in splits.items():
            if len(np.unique(answers[rows])) < FEWEST_KINDS:
                raise CasebookError(
                    f"{self.spec.file}: split {self.spec.split.by!r} leaves {name} with {len(rows)} row(s) of too few "
                    f"different values of {self.spec.target.column}; more rows, or other shares or another column "
                    "under prepare.split"
                )
        return splits

    def strata(self, answers: np.ndarray) -> np.ndarray:
        return number_strata(answers)

    def count(self, splits: Mapping[str, np.ndarray], answers: np.ndarray, groups: np.ndarray | None) -> NumberShares:  # noqa: ARG002 - as every outcome's
        return NumberShares.of(splits, answers)

    def chance(self, splits: Mapping[str, np.ndarray], answers: np.ndarray, groups: np.ndarray | None) -> float:
        return number_chance(splits, answers, groups)

    def check_shares(self, splits: Mapping[str, np.ndarray], answers: np.ndarray, groups: np.ndarray | None) -> None:
        if self.spec.split.by != "stratified":
            ask_of_shares(self.count(splits, answers, groups), self.chance(splits, answers, groups), self.spec)

    def check_leaks(self, train: pd.DataFrame, answers: np.ndarray) -> None:
        check_number_leaks(train, answers, self.spec)

    def suspects(self, train: pd.DataFrame, answers: np.ndarray, groups: np.ndarray | None) -> list[Hindsight]:
        return find_of_number(train, answers, number_strata(answers), self.spec, groups)


def numbers_of(spec: NumberParams) -> dict[str, Column]:
    """The target's column; what stands for no outcome is no value of it."""
    column = spec.target.numbers
    return {spec.target.column: column.model_copy(update={"missing": (*column.missing, *spec.target.ignore)})}


def read_number(frame: pd.DataFrame, spec: NumberParams, file: Path) -> pd.Series:
    """The target of raw rows as float64 (N,), NaN where nothing is known.

    Raises:
        CasebookError: a cell is no number, nor ignored or missing.
    """
    name, columns = spec.target.column, numbers_of(spec)
    typed = convert(frame, columns, spec.missing)
    broken = typed.unreadable[name]
    if broken.any():
        first = int(broken.argmax())
        raise CasebookError(
            f"{file}: column {name} (the target): {broken.sum()} value(s) are {UNREADABLE[columns[name].kind]}, such "
            f"as {str(frame[name].iloc[first])[:60]!r} in row {first + 1}; correct them, set prepare.target (kind: "
            "amount for $1,234.50), add them to prepare.missing, or to prepare.target.ignore if their rows have no "
            "outcome"
        )
    return typed.frame[name]


def number_strata(answers: np.ndarray) -> np.ndarray:
    """Tenths of the rows (N,) by their values, 0 with the smallest; equal values are in one."""
    middle = pd.Series(answers).rank(method="average").to_numpy() - 0.5
    return np.minimum((middle * STRATA / len(answers)).astype(np.int64), STRATA - 1)
