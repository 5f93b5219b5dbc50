"""Bands of a score: the edges where it is cut."""

import numpy as np


def band_edges(score: np.ndarray, bands: int) -> np.ndarray:
    """The inner edges, at most `bands` - 1 and rising, that cut a score (N,) into bands of equal mass.

    Each edge is one of the scores, so no band of these rows is empty. Equal scores stay together: a
    score with few distinct values has fewer bands.
    """
    ordered = np.sort(np.asarray(score, dtype=np.float64))
    edges = np.unique(ordered[np.arange(1, bands) * len(ordered) // bands])
    return edges[edges > ordered[0]]
