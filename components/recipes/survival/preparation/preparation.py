"""A raw cohort, and another one beside it, to training, validation, test and external rows."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from components.core.job import Meta
from components.kits.survival.cohort import EVENT, CohortParams, Outcome
from components.kits.survival.preparation import enough
from components.kits.survival.preparation.cohort import Cohort
from components.kits.survival.preparation.leaks.find import check_leaks
from components.kits.survival.preparation.outcome import read_outcome, tell_events
from components.kits.tables.encoding.encode import TableEncoder
from components.kits.tables.shares import Shares, check_shares, count_shares
from components.recipes.shared.cohort import prepare_cohort
from components.recipes.survival.params.params import SurvivalJob


def prepare(job: SurvivalJob) -> Meta:
    """As `prepare_cohort`, with 0 and 1 for `event`."""
    return prepare_cohort(job, OneEvent())


class OneEvent:
    """Times end with the event, or without it."""

    read = staticmethod(read_outcome)

    def check_enough(self, event: np.ndarray, outcome: Outcome, place: str) -> None:
        enough.check_events(event, outcome.event, place)

    def check_any(self, event: np.ndarray, outcome: Outcome, place: str) -> None:
        enough.check_events(event, outcome.event, place, 1)

    def tell(self, cohort: Cohort, spec: CohortParams, file: Path) -> str:
        return tell_events(cohort.raw, cohort.rows[EVENT].to_numpy(), spec, file)

    def count(self, splits: Mapping[str, np.ndarray], event: np.ndarray, groups: np.ndarray | None) -> Shares:
        return count_shares(splits, event, groups)

    def check_splits(
        self, splits: Mapping[str, np.ndarray], event: np.ndarray, groups: np.ndarray | None, spec: CohortParams
    ) -> None:
        check_shares(count_shares(splits, event, groups), spec)

    def check_leaks(
        self, train: pd.DataFrame, years: np.ndarray, spec: CohortParams, groups: np.ndarray | None
    ) -> None:
        check_leaks(train, years, train[EVENT].to_numpy(), spec, groups)

    def check_coefficients(self, event: np.ndarray, encoder: TableEncoder, place: str) -> None:
        enough.check_coefficients(event, encoder, place)
