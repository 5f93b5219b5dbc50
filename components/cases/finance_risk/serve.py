"""A bundle's answers to prepared rows, through the predictor that serves it."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from components.cases.finance_risk.params import BinaryJob
from components.contracts import PREPARED_FILES, TEST, Answers, Meta, Metric
from components.evaluation.binary.metrics import binary_metrics
from components.predictors.table.predictor import open_predictor
from components.preparation.table.encoding.spec import TARGET


def answers(job: BinaryJob, bundle: Path, split: str) -> Answers:
    """Scores `(N,)` of a split's rows from `predict`, the same call that `casebook predict` makes."""
    rows = read_split(job, split)
    score = open_predictor(bundle).predict(rows.drop(columns=TARGET))["score"]
    return Answers(rows[TARGET].to_numpy(np.int8), score.to_numpy())


def answer_rows(job: BinaryJob, bundle: Path) -> Callable[[int], object]:
    """A function that scores n test rows, repeated where there are fewer."""
    predictor = open_predictor(bundle)
    rows = read_split(job, TEST).drop(columns=TARGET)
    return lambda count: predictor.score(rows.take(np.arange(count) % len(rows)))


def read_split(job: BinaryJob, split: str) -> pd.DataFrame:
    return pd.read_parquet(job.paths.prepared(job.case) / PREPARED_FILES[split])


def example(job: BinaryJob, rows: int = 5) -> pd.DataFrame:
    """The first test rows as a client would send them: no key, no target."""
    key = Meta.read(job.paths.prepared(job.case)).data["key"]
    return read_split(job, TEST).drop(columns=[TARGET, *key]).head(rows)


def metrics(job: BinaryJob, bundle: Path) -> Mapping[str, Metric]:
    return binary_metrics(threshold=open_predictor(bundle).settings.threshold, bins=job.evaluate.ece_bins)
