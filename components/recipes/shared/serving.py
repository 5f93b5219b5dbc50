"""Prepared rows to try a bundle on: a split's, n of them in turn for timing, a few as a client would send them."""

import json
from collections.abc import Callable, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from components.core.job import BUNDLE, PREPARED_FILES, SELECTION, TEST, VALIDATION, Job, Meta
from components.kits.tables.encoding.cells import RawRows, columns_of_rows

TIMED = 1024  # rows of a table that are asked in turn
Unit = TypeVar("Unit")


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


def compared_bundle(fitted: Path, split: str) -> Path:
    """Whose members it is compared with, each by itself: those of the fit, as a variant has made them smaller or has
    learned from them and has none.
    """
    return asked_bundle(fitted, fitted / BUNDLE, split)


def in_turn(answer: Callable[[Sequence[Unit]], object], units: Sequence[Unit]) -> Callable[[int], object]:
    """A function that answers the next n of the units, and begins again after the last: for timing."""
    following = cycle(units)
    return lambda count: answer(list(islice(following, count)))


def rows_in_turn(job: Job, answer: Callable[[RawRows], object], outcome: Sequence[str]) -> Callable[[int], object]:
    """`in_turn` for the first test rows of a table, as a request has them: with neither key nor outcome."""
    key = Meta.read(job.paths.prepared(job.case)).data["key"]
    rows = as_requested(read_split(job, TEST).head(TIMED).drop(columns=[*outcome, *key]))
    return in_turn(lambda some: answer(columns_of_rows(some)), rows)


def as_requested(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as the JSON of a request has them."""
    found: list[dict[str, Any]] = json.loads(rows.to_json(orient="records", date_format="iso"))
    return found


def first_rows(job: Job, outcome: Sequence[str], rows: int) -> pd.DataFrame:
    """The first test rows of a table as a client would send them: no key, no outcome."""
    key = Meta.read(job.paths.prepared(job.case)).data["key"]
    return read_split(job, TEST).drop(columns=[*outcome, *key]).head(rows)
