"""Rows drawn to be looked at: by chance, so that nobody is picked by how well they were served."""

import numpy as np
import pandas as pd


def of_each(groups: pd.Categorical, *, most: int, seed: int) -> np.ndarray:
    """Up to `most` rows of each group (N,): groups in their order, rows rising."""
    generator = np.random.default_rng(seed)
    places = [np.flatnonzero(groups.codes == code) for code in range(len(groups.categories))]
    return np.concatenate([drawn(generator, inside, most) for inside in places])


def drawn(generator: np.random.Generator, rows: np.ndarray, most: int) -> np.ndarray:
    """At most so many of the rows, rising."""
    return np.sort(generator.choice(rows, size=min(most, len(rows)), replace=False)).astype(np.int64)
