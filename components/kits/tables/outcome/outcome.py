"""What preparing a table must know of its outcome, whatever that is."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from components.kits.tables.encoding.spec import Column, FeatureParams
from components.kits.tables.hindsight import Hindsight


class Counted(Protocol):
    """How many rows each split has, of what outcome."""

    def told(self) -> str: ...

    def to_json(self) -> dict[str, Any]: ...


class Outcome(Protocol):
    """A target column by a block of params: read, checked, dealt to splits and held against the other columns.

    `answers` (N,) are what a prepared table holds of it; `differing` names, of splits, that their outcomes differ.
    """

    @property
    def spec(self) -> FeatureParams: ...

    @property
    def differing(self) -> str: ...

    def numbers(self) -> Mapping[str, Column]:
        """The target column, where its cells are numbers that a file may write in several ways."""

    def read(self, frame: pd.DataFrame, file: Path) -> pd.Series:
        """The outcome (N,) of raw rows, missing where nothing is known, or what is known is to be set aside."""

    def left_out(self, frame: pd.DataFrame) -> int:
        """How many raw rows have no outcome by the block: they break no rule."""

    def answers(self, target: pd.Series) -> np.ndarray:
        """What is read (N,), none of it missing, as the prepared table holds it."""

    def check(self, answers: np.ndarray, place: str) -> None:
        """There is something to learn; `place` begins the message of a CasebookError."""

    def too_few(self, answers: np.ndarray) -> bool:
        """Whether there are too few for each split, which `check` says."""

    def split(self, by: pd.Series, answers: np.ndarray) -> dict[str, np.ndarray]:
        """The positions of each split's rows, ascending; `by` (N,) is what the block splits by."""

    def strata(self, answers: np.ndarray) -> np.ndarray:
        """Whole numbers (N,): rows of one are alike in their outcome."""

    def count(self, splits: Mapping[str, np.ndarray], answers: np.ndarray, groups: np.ndarray | None) -> Counted:
        """How many rows of what outcome each split has."""

    def chance(self, splits: Mapping[str, np.ndarray], answers: np.ndarray, groups: np.ndarray | None) -> float:
        """The probability that chance alone makes the splits differ as much; `groups` (N,) say what stays together."""

    def check_shares(self, splits: Mapping[str, np.ndarray], answers: np.ndarray, groups: np.ndarray | None) -> None:
        """The splits are alike, as far as chance goes, or the block says that they need not be."""

    def check_leaks(self, train: pd.DataFrame, answers: np.ndarray) -> None:
        """No column of the typed training rows tells their outcome all by itself."""

    def suspects(self, train: pd.DataFrame, answers: np.ndarray, groups: np.ndarray | None) -> list[Hindsight]:
        """Columns that may be known only later."""
