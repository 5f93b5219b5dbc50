"""A generalised additive model read from JSON: what a linear model on splines is once fitted."""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class PiecewiseCubic:
    """A cubic on each interval between `knots (K + 1,)`, with `coefficients (K, 4)` from the highest
    power down, in powers of the distance to the interval's left knot; a straight line outside.

    With `coefficients (K, 4, C)` there are C cubics.
    """

    knots: np.ndarray
    coefficients: np.ndarray

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """`(N,) -> (N,)`, or `(N, C)` of C cubics."""
        inside = np.clip(values, self.knots[0], self.knots[-1])
        piece = np.clip(np.searchsorted(self.knots, inside, side="right") - 1, 0, len(self.coefficients) - 1)
        a, b, c, d = np.moveaxis(self.coefficients[piece], 1, 0)
        step, beyond = inside - self.knots[piece], values - inside
        if a.ndim == 2:
            step, beyond = step[:, None], beyond[:, None]
        slope = (3 * a * step + 2 * b) * step + c
        return ((a * step + b) * step + c) * step + d + slope * beyond


@dataclass(frozen=True)
class AdditiveModel:
    """`intercept + sum of a curve per numeric and a table per categorical column`, before any link.

    `columns` says which numeric column each curve reads. A model of C answers has an intercept (C,), curves of C
    cubics, and tables (S, C) for the S codes of a column.
    """

    intercept: np.ndarray
    columns: tuple[int, ...]
    curves: tuple[PiecewiseCubic, ...]
    tables: tuple[np.ndarray, ...]

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "AdditiveModel":
        return cls(
            intercept=np.array(content["intercept"], dtype=np.float64),
            columns=tuple(content["columns"]),
            curves=tuple(
                PiecewiseCubic(np.array(curve["knots"]), np.array(curve["coefficients"])) for curve in content["curves"]
            ),
            tables=tuple(np.array(table) for table in content["tables"]),
        )

    def line(self, numeric: np.ndarray, categorical: np.ndarray) -> np.ndarray:
        """`(N, F), (N, C) -> (N,)`, or `(N, ...)` as the intercept has them: log-odds, or whatever was fitted."""
        numeric = numeric.astype(np.float64)
        found = np.zeros((len(numeric), *self.intercept.shape)) + self.intercept
        for column, curve in zip(self.columns, self.curves, strict=True):
            found += curve(numeric[:, column])
        for column, table in enumerate(self.tables):
            found += table[categorical[:, column]]
        return found
