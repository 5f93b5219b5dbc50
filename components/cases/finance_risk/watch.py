"""What monitoring sees of a two-class table: columns, scores, and targets where they are known."""

from pathlib import Path

import numpy as np
import pandas as pd

from components.cases.finance_risk.serve import read_split
from components.contracts import TEST, TRAIN, Answers, Job, Observed, Watch
from components.params import read_block
from components.predictors.observed import feature_columns, some, table_rows
from components.predictors.table.predictor import open_predictor
from components.preparation.table.encoding.convert import clean
from components.preparation.table.encoding.spec import TableParams
from components.preparation.table.labels import read_target


def spec_of(job: Job) -> TableParams:
    return read_block(TableParams, job.params.prepare, f"params.cases.{job.case}.prepare")


def observe(job: Job, bundle: Path, rows: pd.DataFrame) -> Observed:
    """Raw rows as the model takes them, and its scores."""
    predictor, spec = open_predictor(bundle), spec_of(job)
    typed = clean(rows, predictor.data)
    score = predictor.score(typed)
    return Observed(
        feature_columns(typed, predictor.data),
        pd.DataFrame({"score": score}),
        _labelled(rows, score, spec) if spec.target.column in rows else None,
    )


def reference(job: Job, bundle: Path, rows: int) -> Observed:
    """Training rows, and scores of test rows: those of the rows it was trained on are surer than any of new ones."""
    predictor = open_predictor(bundle)
    held_out = some(read_split(job, TEST), rows)
    return Observed(
        feature_columns(some(read_split(job, TRAIN), rows), predictor.data),
        pd.DataFrame({"score": predictor.score(held_out)}),
        None,
    )


def _labelled(rows: pd.DataFrame, score: np.ndarray, spec: TableParams) -> Answers | None:
    target = read_target(rows, spec, Path("the rows"))
    known = target.notna().to_numpy()
    return Answers(target[known].to_numpy(np.int8), score[known]) if known.any() else None


WATCH = Watch(
    rows=table_rows,
    unit=lambda job: None,  # noqa: ARG005 - each row is one
    key=lambda job: spec_of(job).key,
    outcome=lambda job: spec_of(job).outcome,
    observe=observe,
    reference=reference,
)
