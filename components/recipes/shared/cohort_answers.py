"""Answers to the prepared rows of a cohort, for every recipe of times to events."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from components.core.job import TEST, TRAIN, VALIDATION, AnyJob
from components.core.results import Answers
from components.kits.survival.cohort import CohortParams, outcome_columns, outcome_of
from components.kits.survival.preparation.entry import read_entry
from components.kits.survival.preparation.outcome import units_of
from components.kits.tables.encoding.cells import RawRows, columns_of_frame
from components.kits.tables.encoding.reader import RowReader
from components.recipes.shared.serving import first_rows, read_split, rows_in_turn

ReadOutcome = Callable[..., tuple[pd.Series, pd.Series, dict[str, pd.Series]]]


class CohortAnswers(Protocol):
    @property
    def score(self) -> np.ndarray: ...

    def columns(self) -> dict[str, Any]: ...


class CohortPredictor(Protocol):
    @property
    def reader(self) -> RowReader: ...

    def answer(self, rows: RawRows, *, explain: bool = True) -> CohortAnswers: ...


def answers_of(job: AnyJob, predictor: CohortPredictor, split: str) -> Answers:
    """Risks of a split's rows, by the way that every answer takes."""
    rows = read_split(job, split)
    found = predictor.answer(columns_of_frame(rows, predictor.reader.columns), explain=False)
    return Answers(outcome_of(rows), found.score)


def answer_in_turn(job: AnyJob, predictor: CohortPredictor) -> Callable[[int], object]:
    """A function that answers the next n test rows with their reasons, from the cells of a request on."""
    return rows_in_turn(job, lambda rows: predictor.answer(rows).columns(), added(job))


def some_rows(job: AnyJob, rows: int) -> pd.DataFrame:
    """The first test rows as a client would send them: no key, no outcome."""
    return first_rows(job, added(job), rows)


def added(job: AnyJob) -> Sequence[str]:
    """The columns that `prepare` adds to those of the file: the outcome, and when people entered who came late."""
    return outcome_columns(read_split(job, TEST))


def development(job: AnyJob) -> np.ndarray:
    """The outcome of the whole development cohort, by whose censoring every split is weighted."""
    return np.concatenate([outcome_of(read_split(job, split)) for split in (TRAIN, VALIDATION, TEST)])


def known_answers(read: ReadOutcome) -> Callable[[pd.DataFrame, np.ndarray, CohortParams], Answers | None]:
    """For monitoring: a function that picks, of raw rows and their risks, those whose outcome is known."""

    def labelled(rows: pd.DataFrame, risk: np.ndarray, spec: CohortParams) -> Answers | None:
        target = spec.target
        if not set(target.columns) <= set(rows.columns):
            return None
        place = Path("the rows")
        time, event, typed = read(rows, target, spec, place)
        outcome = np.column_stack([time, event])
        if target.entry is not None:
            outcome = np.column_stack([outcome, read_entry(typed, target, time, units_of(target, spec), place)])
        known = ~np.isnan(outcome).any(axis=1)
        return Answers(outcome[known], risk[known]) if known.any() else None

    return labelled
