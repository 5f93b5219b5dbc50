"""Codes as columns of 0 and 1, for models that know numbers only."""

from collections.abc import Sequence

import numpy as np


def with_dummies(numeric: np.ndarray, categorical: np.ndarray, sizes: Sequence[int]) -> np.ndarray:
    """`(N, F), (N, C) -> (N, F + sum of sizes)` float32: numeric columns, then one for each code."""
    dummies = [np.eye(size, dtype=np.float32)[codes] for size, codes in zip(sizes, categorical.T, strict=True)]
    return np.concatenate([numeric.astype(np.float32), *dummies], axis=1)
