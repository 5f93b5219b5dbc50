"""Curves of many columns, computed together: what a network's scales and an additive model do one at a time."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from components.kits.tables.encoding.scale import Scale, signed_log
from components.kits.tables.learning.additive import AdditiveModel, PiecewiseCubic


@dataclass(frozen=True)
class Pieces:
    """Knots of F curves. A value's piece is named by the place of its left knot among the knots of all."""

    knots: tuple[np.ndarray, ...]
    first: np.ndarray
    last: np.ndarray
    offsets: np.ndarray
    all_knots: np.ndarray

    @classmethod
    def of(cls, knots: Sequence[np.ndarray]) -> "Pieces":
        lengths = [len(one) for one in knots]
        offsets = np.cumsum([0, *lengths[:-1]]).astype(np.intp)
        first, last = (np.array([one[at] for one in knots]) for at in (0, -1))
        return cls(tuple(knots), first, last, offsets, np.concatenate(knots))

    def find(self, inside: np.ndarray) -> np.ndarray:
        """Values (N, F), none beyond the ends of its curve, to places (N, F)."""
        found = np.empty(inside.shape, dtype=np.intp)
        for column, knots in enumerate(self.knots):
            found[:, column] = knots.searchsorted(inside[:, column], side="right")
        return found + (self.offsets - 1)


class Scales:
    """The scales of F numeric features."""

    def __init__(self, scales: Sequence[Scale]) -> None:
        self._log = np.flatnonzero([scale.log for scale in scales])
        points = [(np.array(scale.x), np.array(scale.y)) for scale in scales]
        self._pieces = Pieces.of([x for x, _ in points])
        self._y = np.concatenate([y for _, y in points])
        # Behind the last knot it is flat; nothing is ever right of it.
        self._slope = np.concatenate([np.append(np.diff(y) / np.diff(x), 0.0) for x, y in points])

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """`(N, F) -> (N, F)` of values without NaN, as `Scale` does each column."""
        if len(self._log):
            values = values.copy()
            values[:, self._log] = signed_log(values[:, self._log])
        inside = np.minimum(np.maximum(values, self._pieces.first), self._pieces.last)
        place = self._pieces.find(inside)
        found: np.ndarray = self._slope[place] * (inside - self._pieces.all_knots[place]) + self._y[place]
        return found


class QuickAdditive:
    """An additive model whose curves are computed together."""

    def __init__(self, model: AdditiveModel) -> None:
        self._model, self._columns = model, np.array(model.columns, dtype=np.intp)
        if model.curves:
            self._pieces = Pieces.of([curve.knots for curve in model.curves])
            # At its last knot a curve is still the piece before it.
            self._ends = self._pieces.offsets + [len(curve.knots) - 2 for curve in model.curves]
            self._coefficients = np.moveaxis(np.concatenate([_each(curve) for curve in model.curves]), 1, 0)

    def line(self, numeric: np.ndarray, categorical: np.ndarray) -> np.ndarray:
        """As `AdditiveModel.line`, with sums in the same order."""
        model = self._model
        found = np.zeros((len(numeric), *model.intercept.shape)) + model.intercept
        if model.curves:
            curves = self._curves(numeric[:, self._columns].astype(np.float64))
            for place in range(len(model.curves)):
                found += curves[:, place]
        for column, table in enumerate(model.tables):
            found += table[categorical[:, column]]
        return found

    def _curves(self, values: np.ndarray) -> np.ndarray:
        """`(N, M) -> (N, M)`, or `(N, M, C)` of C cubics."""
        inside = np.minimum(np.maximum(values, self._pieces.first), self._pieces.last)
        place = np.minimum(self._pieces.find(inside), self._ends)
        step, beyond = inside - self._pieces.all_knots[place], values - inside
        a, b, c, d = self._coefficients[:, place]
        if a.ndim == 3:
            step, beyond = step[..., None], beyond[..., None]
        slope = (3 * a * step + 2 * b) * step + c
        found: np.ndarray = ((a * step + b) * step + c) * step + d + slope * beyond
        return found


def _each(curve: PiecewiseCubic) -> np.ndarray:
    """Coefficients for each knot of a curve, so that places of knots are those of coefficients; the last is unused."""
    return np.concatenate([curve.coefficients, curve.coefficients[-1:]])
