"""Encoded rows of a table, small enough to fit anything on."""

import numpy as np
from scipy.special import expit

SIZES = (3, 2)


def make_rows(seed: int, rows: int = 300) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A spread column, an indicator, a constant, a column of many ties; two categories; a target of all."""
    random = np.random.default_rng(seed)
    numeric = np.column_stack(
        [random.normal(size=rows), random.random(rows) < 0.3, np.full(rows, 2.0), random.integers(0, 6, rows)]
    ).astype(np.float32)
    categorical = np.column_stack([random.integers(0, size, rows) for size in SIZES])
    logit = 2 * np.sin(2 * numeric[:, 0]) + numeric[:, 1] + categorical[:, 0] - 1
    return numeric, categorical, (random.random(rows) < expit(logit)).astype(np.int8)


NUMERIC, CATEGORICAL, TARGET = make_rows(0)
