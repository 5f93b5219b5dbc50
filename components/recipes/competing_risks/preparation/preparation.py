"""A raw cohort, and another one beside it, to training, validation, test and external rows."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from components.core.job import Meta
from components.kits.survival.cohort import EVENT
from components.kits.survival.preparation.cohort import Cohort
from components.kits.survival.preparation.enough import check_coefficients, check_events
from components.kits.tables.encoding.encode import TableEncoder
from components.kits.tables.outcome.shares import ClassShares, ask_of_shares, class_chance
from components.recipes.competing_risks.params.cohort import CausesOutcome, CausesParams
from components.recipes.competing_risks.params.params import CausesJob
from components.recipes.competing_risks.preparation import enough
from components.recipes.competing_risks.preparation.leaks import check_leaks
from components.recipes.competing_risks.preparation.outcome import read_causes, tell_causes
from components.recipes.shared.cohort import prepare_cohort

CENSORED = "censored"


def prepare(job: CausesJob) -> Meta:
    """As `prepare_cohort`, with 0 for `event` where rows are censored, elsewhere the number of the cause, from 1."""
    return prepare_cohort(job, Causes(job.prepare))


class Causes:
    """Times end with one of the causes of a block, or without any."""

    read = staticmethod(read_causes)

    def __init__(self, spec: CausesParams) -> None:
        self.spec = spec

    def check_enough(self, event: np.ndarray, outcome: Any, place: str) -> None:
        enough.check_causes(event, outcome, place)

    def check_any(self, event: np.ndarray, outcome: Any, place: str) -> None:
        check_events(event > 0, cast(CausesOutcome, outcome).cause_column, place, 1)

    def tell(self, cohort: Cohort, spec: Any, file: Path) -> str:  # noqa: ARG002 - one signature
        return tell_causes(cohort.rows[EVENT].to_numpy(), self.spec)

    def count(
        self,
        splits: Mapping[str, np.ndarray],
        event: np.ndarray,
        groups: np.ndarray | None,  # noqa: ARG002
    ) -> ClassShares:
        return ClassShares.of(splits, event, (CENSORED, *self.spec.target.names))

    def check_splits(
        self, splits: Mapping[str, np.ndarray], event: np.ndarray, groups: np.ndarray | None, spec: Any
    ) -> None:
        enough.check_each_split(splits, event, self.spec.target, self.spec.file)
        if spec.split.by != "stratified":
            shares = self.count(splits, event, groups)
            ask_of_shares(shares, class_chance(shares, event, groups), spec)

    def check_leaks(self, train: pd.DataFrame, years: np.ndarray, spec: Any, groups: np.ndarray | None) -> None:
        check_leaks(train, years, spec, groups)

    def check_coefficients(self, event: np.ndarray, encoder: TableEncoder, place: str) -> None:
        """Of the rarest cause: each has coefficients of its own."""
        rarest = min(range(1, len(self.spec.target.names) + 1), key=lambda cause: int((event == cause).sum()))
        check_coefficients(event == rarest, encoder, f"{place}, of the cause {self.spec.target.names[rarest - 1]}")
