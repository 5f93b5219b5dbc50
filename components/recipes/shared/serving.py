"""Prepared rows to try a bundle on: a split's, n of them in turn for timing, a few as a client would send them."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from components.core.job import BUNDLE, PREPARED_FILES, SELECTION, TEST, VALIDATION, Job, Meta


def read_split(job: Job, split: str) -> pd.DataFrame:
    return pd.read_parquet(job.paths.prepared(job.case) / PREPARED_FILES[split])


def bundle_below(folder: Path, split: str = TEST) -> Path:
    """Of a folder that `fit` wrote, the bundle that answers a split: the validation is answered by one that does not
    know it. Any other folder is a bundle.
    """
    below = folder / (SELECTION if split == VALIDATION else BUNDLE)
    return below if below.is_dir() else folder


def asked_bundle(fitted: Path, bundle: Path, split: str) -> Path:
    """Who answers a split when a model is judged: `bundle`, which serves, or for the validation the one that does not
    know it, where the fit kept one.
    """
    selection = fitted / SELECTION
    return selection if split == VALIDATION and selection.is_dir() else bundle


def score_in_turn(job: Job, score: Callable[[pd.DataFrame], object], outcome: Sequence[str]) -> Callable[[int], object]:
    """A function that scores n test rows, without the columns of the outcome, repeated where there are fewer."""
    rows = read_split(job, TEST).drop(columns=list(outcome))
    return lambda count: score(rows.take(np.arange(count) % len(rows)))


def first_rows(job: Job, outcome: Sequence[str], rows: int) -> pd.DataFrame:
    """The first test rows of a table as a client would send them: no key, no outcome."""
    key = Meta.read(job.paths.prepared(job.case)).data["key"]
    return read_split(job, TEST).drop(columns=[*outcome, *key]).head(rows)
