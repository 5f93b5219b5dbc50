"""An index over item vectors, for catalogues too large to score item by item."""

from typing import Annotated

import numpy as np
from pydantic import Field

from components.core.blocks import Block

Count = Annotated[int, Field(ge=1)]


class IndexSettings(Block):
    """When an index stands in for scoring every item, and how well it looks.

    From `threshold` items on. Items are kept in `cells`, of which `probes` are looked through for a
    query; the `candidates` best are scored exactly. `sample` other items stand for the rest of the
    catalogue where a score is put in proportion to all of them.
    """

    threshold: Count
    cells: Count
    probes: Count
    candidates: Count
    sample: Count
    seed: int


class ItemIndex:
    """The items of largest `query @ vectors.T + bias`, nearly always all of them, by looking at few.

    Items are points `(v, b, sqrt(m - |v|^2 - b^2))`, m the largest squared length, and a query is
    `(q, 1, 0)`: the nearest points are the largest products (Bachrach et al., 2014, "Speeding up the
    Xbox recommender system using a Euclidean transformation for inner-product spaces"). Cells drawn by
    distance find them where cells drawn by product do not: those put every item beside the longest.
    """

    def __init__(self, vectors: np.ndarray, bias: np.ndarray, settings: IndexSettings, *, threads: int) -> None:
        import faiss  # only large catalogues pay for loading it

        points = _points(vectors, bias)
        self.settings = settings
        cells = min(settings.cells, max(1, len(points) // 39))  # faiss wants 39 points a cell to place its centre
        faiss.omp_set_num_threads(threads)
        self._quantizer = faiss.IndexFlatL2(points.shape[1])
        self._index = faiss.IndexIVFFlat(self._quantizer, points.shape[1], cells)
        self._index.cp.seed = settings.seed
        self._index.cp.max_points_per_centroid = 64
        self._index.train(points)
        self._index.add(points)
        self._index.nprobe = min(settings.probes, cells)
        random = np.random.default_rng(settings.seed)
        self.sample = np.sort(random.choice(len(points), min(settings.sample, len(points)), replace=False))
        self.place_in_sample = np.full(len(points), -1, np.int32)
        self.place_in_sample[self.sample] = np.arange(len(self.sample))

    def search(self, query: np.ndarray, count: int) -> np.ndarray:
        """`(N, d) -> (N, count)` item indices, best first; -1 where the cells hold fewer."""
        extra = np.tile(np.array([1, 0], np.float32), (len(query), 1))
        _, items = self._index.search(np.hstack([query, extra]).astype(np.float32), count)
        found: np.ndarray = items
        return found


def _points(vectors: np.ndarray, bias: np.ndarray) -> np.ndarray:
    squared = np.einsum("md,md->m", vectors, vectors) + bias**2
    rest = np.sqrt(np.maximum(squared.max() - squared, 0))
    return np.column_stack([vectors, bias, rest]).astype(np.float32)
