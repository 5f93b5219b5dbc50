"""Drift of a column: how far its values moved from those of training, and whether that is chance."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy.stats import chi2_contingency, false_discovery_control, ks_2samp

from components.core.params.monitor import DriftParams
from components.evaluation.bands import band_edges
from components.evaluation.stability import psi

LEAST_EXPECTED = 5  # of a cell of the chi-squared test; Cochran (1954)

Pair = tuple[pd.Series, pd.Series]


@dataclass(frozen=True)
class Drift:
    """One column: `p` is its own test's, `adjusted` the same after the correction for all columns together.

    `missing` are the shares of missing values before and now.
    """

    name: str
    test: Literal["ks", "chi2"]
    psi: float
    statistic: float
    p: float
    adjusted: float
    missing: tuple[float, float]
    drifted: bool


def compare(pairs: Mapping[str, Pair], params: DriftParams) -> list[Drift]:
    """Each column's reference and recent values, the furthest moved first.

    PSI says how much, and grows with chance in small samples; a test says whether it is chance, and finds differences
    that nobody minds in large ones: a column has drifted where both say so. Numbers are tested by Kolmogorov and
    Smirnov, everything else by chi squared, and the p-values corrected together by Benjamini and Hochberg (1995).
    """
    tests = {name: _test(before, after) for name, (before, after) in pairs.items()}
    adjusted = false_discovery_control([p for _, _, p in tests.values()], method="bh") if tests else []
    found = []
    for (name, (before, after)), (kind, statistic, p), corrected in zip(
        pairs.items(), tests.values(), adjusted, strict=True
    ):
        moved = psi(*banded(before, after, params.bins), bins=params.bins, floor=params.floor)
        missing = (float(before.isna().mean()), float(after.isna().mean()))
        drifted = moved >= params.psi and bool(corrected < params.alpha)
        found.append(Drift(name, kind, moved, statistic, p, float(corrected), missing, drifted))
    return sorted(found, key=lambda one: -one.psi)


def banded(before: pd.Series, after: pd.Series, bins: int) -> Pair:
    """Numbers as the bands of equal mass they fall into, those beyond all of the reference's as a band that it has not:
    of a constant reference, bands alone would see no change. Everything else as it is.
    """
    if not is_number(before):
        return before, after
    first, second = (part.to_numpy(np.float64, na_value=np.nan) for part in (before, after))
    known = first[np.isfinite(first)]
    edges = band_edges(known, bins) if len(known) else known
    low, high = (known.min(), known.max()) if len(known) else (np.inf, -np.inf)
    return _bands(first, edges, low, high), _bands(second, edges, low, high)


def _bands(values: np.ndarray, edges: np.ndarray, low: float, high: float) -> pd.Series:
    codes = np.searchsorted(edges, values, side="right").astype(object)
    codes[(values < low) | (values > high)] = "beyond"
    codes[np.isnan(values)] = None
    return pd.Series(codes, dtype="str")


def is_number(values: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values))


def _test(before: pd.Series, after: pd.Series) -> tuple[Literal["ks", "chi2"], float, float]:
    if is_number(before):
        return "ks", *kolmogorov_smirnov(before, after)
    return "chi2", *chi_squared(before, after)


def kolmogorov_smirnov(before: pd.Series, after: pd.Series) -> tuple[float, float]:
    """The largest distance between the two distributions, and its p. Missing values count as below all others, so that
    more or fewer of them are a distance, too.
    """
    first, second = (
        np.nan_to_num(part.to_numpy(np.float64, na_value=np.nan), nan=-np.inf, posinf=np.inf, neginf=-np.inf)
        for part in (before, after)
    )
    found = ks_2samp(first, second, method="asymp")
    return float(found.statistic), float(found.pvalue)


def chi_squared(before: pd.Series, after: pd.Series) -> tuple[float, float]:
    """Chi squared of the two columns of counts, and its p; a missing value is a value, and rare ones are one."""
    counts = pd.DataFrame({side: _counts(part) for side, part in (("before", before), ("after", after))}).fillna(0)
    rows = counts.to_numpy(np.float64)
    expected = rows.sum(axis=1, keepdims=True) * rows.sum(axis=0, keepdims=True) / rows.sum()
    rare = expected.min(axis=1) < LEAST_EXPECTED
    if rare.any():
        rows = np.vstack([rows[~rare], rows[rare].sum(axis=0, keepdims=True)])
    if len(rows) < 2:
        return 0.0, 1.0
    found = chi2_contingency(rows, correction=False)
    return float(found.statistic), float(found.pvalue)


def _counts(values: pd.Series) -> pd.Series:
    return values.astype("string").fillna("\0missing").value_counts()
