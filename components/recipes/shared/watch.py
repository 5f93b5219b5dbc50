"""How rows of numbers are watched after a release: each is a unit of its own, its target a number."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from components.core.job import TEST, TRAIN, Job
from components.core.parts import Watch
from components.core.results import Answers, Observed
from components.kits.tables.observed import table_rows
from components.monitoring.sample import some
from components.recipes.shared.rows import numbers_of
from components.recipes.shared.serving import read_split


class NumberScorer(Protocol):
    """`features` picks of raw or prepared rows (N) the columns of numbers that it reads, `score` answers them (N,)."""

    def features(self, rows: pd.DataFrame) -> pd.DataFrame: ...

    def score(self, rows: pd.DataFrame) -> np.ndarray: ...


def watch_rows(open_predictor: Callable[[Path], NumberScorer], target: Callable[[Job[Any, Any, Any]], str]) -> Watch:
    """`target` names the raw column of the outcome, for rows that have it."""

    def observe(job: Job, bundle: Path, rows: pd.DataFrame) -> Observed:
        predictor = open_predictor(bundle)
        score = predictor.score(rows)
        return Observed(predictor.features(rows), pd.DataFrame({"score": score}), _labelled(rows, score, target(job)))

    def reference(job: Job, bundle: Path, rows: int) -> Observed:
        """Training rows, and scores of test rows: those of rows it was trained on are surer than any of new ones."""
        predictor = open_predictor(bundle)
        held_out = predictor.score(some(read_split(job, TEST), rows))
        return Observed(predictor.features(some(read_split(job, TRAIN), rows)), pd.DataFrame({"score": held_out}), None)

    def outcome(job: Job) -> Sequence[str]:
        return [target(job)]

    return Watch(rows=table_rows, outcome=outcome, observe=observe, reference=reference)


def _labelled(rows: pd.DataFrame, score: np.ndarray, target: str) -> Answers | None:
    if target not in rows:
        return None
    true = numbers_of(rows, [target], "the rows")[target].to_numpy()
    known = np.isfinite(true)
    return Answers(true[known], score[known]) if known.any() else None
