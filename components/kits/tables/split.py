"""Rows to train, validation and test: once, before anything is learned from them."""

from fractions import Fraction

import numpy as np
import pandas as pd

from components.core.errors import CasebookError
from components.core.job import TEST, TRAIN, VALIDATION
from components.kits.tables.encoding.spec import FeatureParams, GroupSplit, StratifiedSplit, TimeSplit

ORDER = (TRAIN, VALIDATION, TEST)
MOST_FOLDS = 20  # of which a part is made: a share is held to within a fortieth of the rows
MOST_GROUPS = 10_000  # that are placed one by one; of more, some stay together by chance


def split_rows(by: pd.Series, target: np.ndarray, spec: FeatureParams) -> dict[str, np.ndarray]:
    """The positions of each split's rows in ascending order.

    `target` (N,) is 0 without the event, and 1, or of several kinds of events 1, 2, ..., with it; else as `deal_rows`.

    Raises:
        CasebookError: a split would lack the event or its absence, or the times are no times.
    """
    few = not spec.needs_both and (target == 0).sum() < MOST_FOLDS  # too few to have a share of them in each split
    rows = deal_rows(by, np.ones_like(target) if few and spec.split.by == "group" else target, spec)
    positive, negative = spec.outcome_labels
    for name, index in rows.items():
        positives = int((target[index] > 0).sum())
        if positives == 0 or (spec.needs_both and positives == len(index)):
            raise CasebookError(
                f"{spec.file}: split {spec.split.by!r} leaves {name} with {positives} {positive!r} and "
                f"{len(index) - positives} {negative!r} of {len(index)} rows; both are needed: "
                "more rows, or other shares or another column under prepare.split"
            )
    return rows


def deal_rows(by: pd.Series, strata: np.ndarray, spec: FeatureParams) -> dict[str, np.ndarray]:
    """The positions of each split's rows in ascending order.

    `strata` (N,) are whole numbers from 0, such as classes; `by` (N,), without missing values, is the group or the time
    of each row, and not looked at where the split is stratified. Shares hold to within a row of each
    stratum, or a moment; of groups each split has about its share of the rows and of each stratum.

    Raises:
        CasebookError: the times are no times.
    """
    split = spec.split
    if isinstance(split, StratifiedSplit):
        places = _stratified(strata, split)
    elif isinstance(split, GroupSplit):
        places = _by_group(pd.factorize(by)[0], strata, split)
    else:
        places = _by_time(_moments(by, split), split)
    return {name: np.flatnonzero(places == place) for place, name in enumerate(ORDER)}


def groups_of(by: pd.Series, spec: FeatureParams) -> np.ndarray | None:
    """The number of each row's group (N,), None where no groups decide."""
    return pd.factorize(by)[0] if spec.split.by == "group" else None


def _stratified(strata: np.ndarray, split: StratifiedSplit) -> np.ndarray:
    random = np.random.default_rng(split.seed)
    places = np.zeros(len(strata), dtype=np.int8)
    for label in np.unique(strata):
        rows = random.permutation(np.flatnonzero(strata == label))
        # A class of three rows or more reaches every split, however small the shares.
        few = 1 if len(rows) >= len(ORDER) else 0
        test = max(few, round(split.test * len(rows)))
        validation = max(few, round(split.validation * len(rows)))
        places[rows[:test]] = ORDER.index(TEST)
        places[rows[test : test + validation]] = ORDER.index(VALIDATION)
    return places


def _by_group(groups: np.ndarray, target: np.ndarray, split: GroupSplit) -> np.ndarray:
    places = np.zeros(len(target), dtype=np.int8)
    test = group_part(groups, target, split.test, split.seed)
    places[test] = ORDER.index(TEST)
    rest = np.flatnonzero(~test)
    validation = group_part(groups[rest], target[rest], split.validation / (1 - split.test), split.seed)
    places[rest[validation]] = ORDER.index(VALIDATION)
    return places


def group_part(groups: np.ndarray, target: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Which rows (N,) are in a part of about `share` of the rows and of each class; whole `groups` (N,) alone."""
    from sklearn.model_selection import StratifiedGroupKFold  # only who has groups pays for loading it

    number, codes = np.unique(groups, return_inverse=True)
    classes = np.bincount(target.astype(np.int64))
    count, rarest = len(number), int(min(classes[classes > 0], default=0))  # a cohort may have no censored rows
    most = min(MOST_FOLDS, count, rarest)
    if most < 2:  # nothing to part; who counts the classes of the splits says so
        return np.zeros(len(target), dtype=bool)
    if count > MOST_GROUPS:
        codes = np.random.default_rng(seed).permutation(count)[codes] % MOST_GROUPS
    part = max(Fraction(share).limit_denominator(most), Fraction(1, most))
    cut = StratifiedGroupKFold(part.denominator, shuffle=True, random_state=seed)
    folds = [held_out for _, held_out in cut.split(codes, target, codes)]
    chosen = np.zeros(len(target), dtype=bool)
    chosen[np.concatenate(folds[: part.numerator])] = True
    return chosen


def _by_time(moments: pd.Series, split: TimeSplit) -> np.ndarray:
    """Each moment goes where the middle of its rows falls in the order of time."""
    first, last = moments.rank(method="min"), moments.rank(method="max")
    return np.digitize((first + last - 1) / 2, _bounds(len(moments), split))


def _bounds(rows: int, split: TimeSplit) -> list[float]:
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
