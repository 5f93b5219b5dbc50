"""What monitoring sees of a cohort: columns, risks, and outcomes where they are known."""

from pathlib import Path

import numpy as np
import pandas as pd

from components.cases.medical_prognosis.serve import read_split
from components.contracts import TEST, TRAIN, Answers, Job, Observed, Watch
from components.params import read_block
from components.predictors.observed import feature_columns, some, table_rows
from components.predictors.survival.predictor import SurvivalPredictor, open_predictor
from components.preparation.table.encoding.cohort import CohortParams
from components.preparation.table.encoding.convert import clean
from components.preparation.table.outcome import read_outcome


def spec_of(job: Job) -> CohortParams:
    return read_block(CohortParams, job.params.prepare, f"params.cases.{job.case}.prepare")


def observe(job: Job, bundle: Path, rows: pd.DataFrame) -> Observed:
    """Raw rows as the model takes them, and the risks of the first and the last horizon."""
    predictor, spec = open_predictor(bundle), spec_of(job)
    typed = clean(rows, predictor.data)
    risk = predictor.score(typed)
    known = set(spec.target.columns) <= set(rows.columns)
    return Observed(
        feature_columns(typed, predictor.data),
        _risks(predictor, risk),
        _labelled(rows, risk, spec) if known else None,
    )


def reference(job: Job, bundle: Path, rows: int) -> Observed:
    """Training patients, and risks of test patients: those of the patients it was trained on are surer."""
    predictor = open_predictor(bundle)
    held_out = some(read_split(job, TEST), rows)
    return Observed(
        feature_columns(some(read_split(job, TRAIN), rows), predictor.data),
        _risks(predictor, predictor.score(held_out)),
        None,
    )


def _risks(predictor: SurvivalPredictor, risk: np.ndarray) -> pd.DataFrame:
    first, *_, last = predictor.settings.horizons
    return pd.DataFrame({f"risk by {first:g} y": risk[:, 0], f"risk by {last:g} y": risk[:, -1]})


def _labelled(rows: pd.DataFrame, risk: np.ndarray, spec: CohortParams) -> Answers | None:
    """Years and event (N, 2) of those of whom both are known, and their risks (N, H)."""
    time, event, _ = read_outcome(rows, spec.target, spec, Path("the rows"))
    outcome = np.column_stack([time, event])
    known = ~np.isnan(outcome).any(axis=1)
    return Answers(outcome[known], risk[known]) if known.any() else None


WATCH = Watch(
    rows=table_rows,
    unit=lambda job: None,  # noqa: ARG005 - each row is one
    key=lambda job: spec_of(job).key,
    outcome=lambda job: spec_of(job).outcome,
    observe=observe,
    reference=reference,
)
