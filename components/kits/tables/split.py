"""Rows to train, validation and test: once, before anything is learned from them."""

import numpy as np
import pandas as pd

from components.core.errors import CasebookError
from components.core.job import TEST, TRAIN, VALIDATION
from components.kits.tables.encoding.spec import FeatureParams, GroupSplit, StratifiedSplit, TimeSplit

ORDER = (TRAIN, VALIDATION, TEST)


def split_rows(by: pd.Series, target: np.ndarray, spec: FeatureParams) -> dict[str, np.ndarray]:
    """The positions of each split's rows in ascending order.

    `target` (N,) of 0 and 1; `by` (N,), without missing values, is the group or the time of each
    row, and not looked at where the split is stratified. Shares hold to within a row of each
    class, a group, or a moment.

    Raises:
        CasebookError: a split would lack one of the classes, or the times are no times.
    """
    split = spec.split
    if isinstance(split, StratifiedSplit):
        places = _stratified(target, split)
    elif isinstance(split, GroupSplit):
        places = _by_group(pd.factorize(by)[0], split)
    else:
        places = _by_time(_moments(by, split), split)
    rows = {name: np.flatnonzero(places == place) for place, name in enumerate(ORDER)}
    positive, negative = spec.outcome_labels
    for name, index in rows.items():
        positives = int(target[index].sum())
        if positives in (0, len(index)):
            raise CasebookError(
                f"{spec.file}: split {spec.split.by!r} leaves {name} with {positives} {positive!r} and "
                f"{len(index) - positives} {negative!r} of {len(index)} rows; both are needed: "
                "more rows, or other shares or another column under prepare.split"
            )
    return rows


def _stratified(target: np.ndarray, split: StratifiedSplit) -> np.ndarray:
    random = np.random.default_rng(split.seed)
    places = np.zeros(len(target), dtype=np.int8)
    for label in (0, 1):
        rows = random.permutation(np.flatnonzero(target == label))
        # A class of three rows or more reaches every split, however small the shares.
        few = 1 if len(rows) >= len(ORDER) else 0
        test = max(few, round(split.test * len(rows)))
        validation = max(few, round(split.validation * len(rows)))
        places[rows[:test]] = ORDER.index(TEST)
        places[rows[test : test + validation]] = ORDER.index(VALIDATION)
    return places


def _by_group(groups: np.ndarray, split: GroupSplit) -> np.ndarray:
    """Groups at random, one after the other; each goes where its middle row falls."""
    sizes = np.bincount(groups)
    order = np.random.default_rng(split.seed).permutation(len(sizes))
    middles = np.empty(len(sizes))
    middles[order] = np.cumsum(sizes[order]) - sizes[order] / 2
    return np.digitize(middles, _bounds(len(groups), split))[groups]


def _by_time(moments: pd.Series, split: TimeSplit) -> np.ndarray:
    """Each moment goes where the middle of its rows falls in the order of time."""
    first, last = moments.rank(method="min"), moments.rank(method="max")
    return np.digitize((first + last - 1) / 2, _bounds(len(moments), split))


def _bounds(rows: int, split: GroupSplit | TimeSplit) -> list[float]:
    return [rows * (1 - split.validation - split.test), rows * (1 - split.test)]


def _moments(by: pd.Series, split: TimeSplit) -> pd.Series:
    """Typed dates and numbers as they are; the text of an undeclared column as numbers or ISO dates."""
    if pd.api.types.is_numeric_dtype(by) or pd.api.types.is_datetime64_any_dtype(by):
        return by
    numbers = pd.to_numeric(by, errors="coerce")
    moments = numbers if numbers.notna().all() else pd.to_datetime(by, format="ISO8601", errors="coerce", utc=True)
    if moments.isna().any():
        first = by[moments.isna()]
        raise CasebookError(
            f"prepare.split.column {split.column}: {len(first)} value(s) are neither numbers nor ISO dates, such as "
            f"{first.iloc[0]!r}; declare it under prepare.columns with kind: date and its formats"
        )
    return moments
