"""A target of two values."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from components.kits.tables.checks import check_classes
from components.kits.tables.encoding.spec import Column, TableParams
from components.kits.tables.hindsight import Hindsight, find_hindsight
from components.kits.tables.labels import read_target, without_outcome
from components.kits.tables.shares import Shares, check_shares, count_shares
from components.kits.tables.split import split_rows
from components.kits.tables.suspects import check_leaks

FEWEST = 3  # rows of a class: one for each split


class TwoClasses:
    """Answers are int8: 1 for the positive label, 0 for the negative one."""

    def __init__(self, spec: TableParams) -> None:
        self.spec, self.differing = spec, f"different shares of {spec.target.positive!r}"

    def numbers(self) -> Mapping[str, Column]:
        return {}

    def read(self, frame: pd.DataFrame, file: Path) -> pd.Series:
        return read_target(frame, self.spec, file)

    def left_out(self, frame: pd.DataFrame) -> int:
        return without_outcome(frame[self.spec.target.column], self.spec.target.ignore)

    def answers(self, target: pd.Series) -> np.ndarray:
        return target.to_numpy(np.int8)

    def check(self, answers: np.ndarray, place: str) -> None:
        check_classes(answers, self.spec, place)

    def too_few(self, answers: np.ndarray) -> bool:
        return bool(np.bincount(answers, minlength=2).min() < FEWEST)

    def split(self, by: pd.Series, answers: np.ndarray) -> dict[str, np.ndarray]:
        return split_rows(by, answers, self.spec)

    def strata(self, answers: np.ndarray) -> np.ndarray:
        return answers

    def count(self, splits: Mapping[str, np.ndarray], answers: np.ndarray, groups: np.ndarray | None) -> Shares:
        return count_shares(splits, answers, groups)

    def chance(self, splits: Mapping[str, np.ndarray], answers: np.ndarray, groups: np.ndarray | None) -> float:
        return self.count(splits, answers, groups).chance

    def check_shares(self, splits: Mapping[str, np.ndarray], answers: np.ndarray, groups: np.ndarray | None) -> None:
        check_shares(self.count(splits, answers, groups), self.spec)

    def check_leaks(self, train: pd.DataFrame, answers: np.ndarray) -> None:
        check_leaks(train, answers, self.spec)

    def suspects(self, train: pd.DataFrame, answers: np.ndarray, groups: np.ndarray | None) -> list[Hindsight]:
        return find_hindsight(train, answers, self.spec, groups)
