"""What each member of the blend answers with: a graph, splines, or tables of trees. Numbers, and numpy.

A member takes encoded rows (N) and gives cumulative hazards `(N, T)` at the bundle's grid of T times.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.interpolate import BSpline

from components.core.bundle import Bundle
from components.kits.survival.metrics import curves
from components.kits.tables.encoding.dummies import with_dummies
from components.kits.tables.encoding.encode import Encoded
from components.kits.tables.graph import TableGraph

DEGREE = 3
Curves = Callable[[Encoded], np.ndarray]


def open_network(bundle: Bundle, name: str, times: np.ndarray, edges: np.ndarray, _sizes: Iterable[int]) -> Curves:
    """The graph adds up hazards over the intervals that end at `edges` (J,); of K causes curves are (N, K, T)."""
    added = TableGraph(bundle, name, "hazard")
    return lambda encoded: curves.at(times, edges, np.cumsum(added(encoded), axis=-1))


def open_additive(bundle: Bundle, name: str, _times: np.ndarray, _edges: np.ndarray, _sizes: Iterable[int]) -> Curves:
    """A proportional hazard: the exponential of a sum of curves and tables, times a baseline."""
    content = bundle.json(name)
    lines = [Spline.from_json(curve) for curve in content["curves"]]
    tables = [np.array(table) for table in content["tables"]]
    baseline = np.array(content["baseline"])

    def answer(encoded: Encoded) -> np.ndarray:
        score = np.zeros(len(encoded.numeric))
        for line, column in zip(lines, encoded.numeric.T.astype(np.float64), strict=True):
            score += line(column)
        for table, codes in zip(tables, encoded.categorical.T, strict=True):
            score += table[codes]
        return np.exp(score)[:, None] * baseline

    return answer


def open_forest(bundle: Bundle, name: str, _times: np.ndarray, _edges: np.ndarray, sizes: Iterable[int]) -> Curves:
    """The mean of the trees' curves: their leaves hold each its share of it."""
    trees, kept = Trees.read(bundle, name), tuple(sizes)
    return lambda encoded: trees(with_dummies(encoded.numeric, encoded.categorical, kept))


def open_boosting(bundle: Bundle, name: str, _times: np.ndarray, _edges: np.ndarray, sizes: Iterable[int]) -> Curves:
    """A proportional hazard: the exponential of the trees' sum, times a baseline."""
    trees, baseline, kept = Trees.read(bundle, name), np.array(bundle.json(name)["baseline"]), tuple(sizes)
    return lambda encoded: np.exp(trees(with_dummies(encoded.numeric, encoded.categorical, kept))) * baseline


OPENERS: dict[str, Callable[[Bundle, str, np.ndarray, np.ndarray, Iterable[int]], Curves]] = {
    "network": open_network,
    "additive": open_additive,
    "forest": open_forest,
    "boosting": open_boosting,
}


@dataclass(frozen=True)
class Spline:
    """A cubic B-spline between its outer knots, straight beyond them; without knots a straight line through 0."""

    knots: np.ndarray
    coefficients: np.ndarray

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "Spline":
        return cls(np.array(content["knots"]), np.array(content["coefficients"]))

    @cached_property
    def _curve(self) -> BSpline:
        return BSpline(self.knots, self.coefficients, DEGREE)

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """`(N,) -> (N,)`."""
        if not len(self.knots):
            return self.coefficients[0] * values
        inside = np.clip(values, self.knots[DEGREE], self.knots[-DEGREE - 1])
        return self._curve(inside) + self._curve(inside, 1) * (values - inside)


@dataclass(frozen=True)
class Trees:
    """The nodes of all trees, one below the other (see `trees_table` of `assembly.baselines`)."""

    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    roots: np.ndarray
    values: np.ndarray

    @classmethod
    def read(cls, bundle: Bundle, name: str) -> "Trees":
        table = pq.read_table(bundle.path(f"{name}.parquet"))
        columns = {key: table[key].to_numpy() for key in ("feature", "threshold", "left", "right", "tree")}
        values: pa.FixedSizeListArray = table["values"].combine_chunks()
        roots = np.flatnonzero(np.diff(columns.pop("tree"), prepend=-1))
        stacked = values.flatten().to_numpy().reshape(len(values), -1)
        return cls(**columns, roots=roots, values=stacked)

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """`(N, W) float32 -> (N, V)`: the values of each row's leaves, added up over the trees."""
        place = np.broadcast_to(self.roots, (len(rows), len(self.roots)))
        which = np.arange(len(rows))[:, None]
        while True:
            ahead = np.where(
                rows[which, self.feature[place]] <= self.threshold[place], self.left[place], self.right[place]
            )
            if (ahead == place).all():
                break
            place = ahead
        total = np.zeros((len(rows), self.values.shape[1]))
        for tree in place.T:  # a sum over all at once would hold N x trees x V numbers
            total += self.values[tree]
        return total
