"""A generalised additive model read from JSON: what a logistic regression on splines is once fitted."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit


@dataclass(frozen=True)
class PiecewiseCubic:
    """A cubic on each interval between `knots (K + 1,)`, with `coefficients (K, 4)` from the highest
    power down, in powers of the distance to the interval's left knot; a straight line outside.
    """

    knots: np.ndarray
    coefficients: np.ndarray

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """`(N,) -> (N,)`."""
        inside = np.clip(values, self.knots[0], self.knots[-1])
        piece = np.clip(np.searchsorted(self.knots, inside, side="right") - 1, 0, len(self.coefficients) - 1)
        a, b, c, d = self.coefficients[piece].T
        step = inside - self.knots[piece]
        slope = (3 * a * step + 2 * b) * step + c
        return ((a * step + b) * step + c) * step + d + slope * (values - inside)


@dataclass(frozen=True)
class AdditiveModel:
    """`P(target = 1) = sigmoid(intercept + sum of a curve per numeric and a table per categorical column)`.

    `columns` says which numeric column each curve reads.
    """

    intercept: float
    columns: tuple[int, ...]
    curves: tuple[PiecewiseCubic, ...]
    tables: tuple[np.ndarray, ...]

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "AdditiveModel":
        return cls(
            intercept=content["intercept"],
            columns=tuple(content["columns"]),
            curves=tuple(
                PiecewiseCubic(np.array(curve["knots"]), np.array(curve["coefficients"])) for curve in content["curves"]
            ),
            tables=tuple(np.array(table) for table in content["tables"]),
        )

    def predict(self, numeric: np.ndarray, categorical: np.ndarray) -> np.ndarray:
        """`(N, F), (N, C) -> (N,)` probabilities."""
        numeric = numeric.astype(np.float64)
        logit = np.full(len(numeric), self.intercept)
        for column, curve in zip(self.columns, self.curves, strict=True):
            logit += curve(numeric[:, column])
        for column, table in enumerate(self.tables):
            logit += table[categorical[:, column]]
        probability: np.ndarray = expit(logit)
        return probability
