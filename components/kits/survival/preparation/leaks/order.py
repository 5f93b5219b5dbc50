"""How closely a column follows times, by the order of the two alone."""

import numpy as np
import pandas as pd

from components.kits.tables.encoding.convert import as_floats

MOST = 1_000  # rows whose pairs are counted
ROWS_OF_A_CLASS = 5  # on average: means of fewer are in any order
FEW_CODES = 50  # numbers of so few kinds may be codes, which tell without being in order
CLASSES = ("categorical", "band", "text")


def agreement(values: np.ndarray, time: np.ndarray) -> float:
    """Goodman and Kruskal's gamma of values (N,) and times (N,): of the pairs that differ in both, the share in the
    same order less the share in the other; 0 where there is no such pair. Rounding and bands make ties alone, so a
    time that is rounded or banded still has 1. Rows without a value are left out.
    """
    known = np.flatnonzero(~np.isnan(values))
    if len(known) > MOST:
        known = np.random.default_rng(0).permutation(known)[:MOST]
    first, second = np.triu_indices(len(known), 1)
    value, moment = values[known], time[known]
    sign = np.sign(value[first] - value[second]) * np.sign(moment[first] - moment[second])
    compared = np.count_nonzero(sign)
    return float(sign.sum() / compared) if compared else 0.0


def follows(values: pd.Series, kind: str, time: np.ndarray) -> float:
    """How closely a typed column (N,) follows times (N,), from 0 to 1: classes, and numbers of few kinds, by the mean
    time that their class has in the other half of the rows.
    """
    found = []
    if kind not in CLASSES:
        found.append(abs(agreement(as_floats(values), time)))
    if kind in CLASSES or values.nunique() <= FEW_CODES:
        found.append(_of_classes(pd.factorize(values)[0], time))
    return max(found)


def share_known(values: pd.Series) -> float:
    return float(values.notna().mean()) if len(values) else 0.0


def spread(values: pd.Series) -> float:
    """The share of the known rows that do not have the commonest value."""
    counts = values.value_counts()
    return 1 - float(counts.iloc[0] / counts.sum()) if len(counts) else 0.0


def _of_classes(codes: np.ndarray, time: np.ndarray) -> float:
    """Missing ones have the code -1."""
    order = np.random.default_rng(0).permutation(np.flatnonzero(codes >= 0))
    if len(order) < ROWS_OF_A_CLASS * (codes.max() + 1):
        return 0.0
    halves, found = (order[::2], order[1::2]), []
    for scored, known in (halves, halves[::-1]):
        mean = pd.Series(time[known]).groupby(codes[known]).mean()
        found.append(agreement(mean.reindex(codes[scored]).to_numpy(), time[scored]))
    return max(0.0, float(np.mean(found)))
