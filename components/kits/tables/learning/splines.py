"""Designs of linear models of a table: columns of cubic splines, or straight lines, and dummies; fitted curves as JSON.

All see the encoded rows: `numeric (N, F)` finite, `categorical (N, C)` codes from 0.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from scipy.interpolate import BSpline, PPoly
from sklearn.preprocessing import SplineTransformer

from components.kits.tables.encoding.encode import TableEncoder
from components.kits.tables.encoding.scale import Scale
from components.kits.tables.learning.blocks import SplineParams

DEGREE = 3


class Line:
    """Basis of one straight line in the data's own units, which a column's `scale` has bent: mean 0, deviation 1."""

    n_features_out_ = 1

    def __init__(self, scale: Scale) -> None:
        self.scaled, self.units = np.array(scale.y), np.array(scale.x)

    def fit(self, column: np.ndarray) -> "Line":
        values = np.interp(column[:, 0], self.scaled, self.units)
        deviation = float(values.std())
        self.units = (self.units - values.mean()) / (deviation if deviation > 0 else 1.0)
        return self

    def transform(self, column: np.ndarray) -> np.ndarray:
        """`(N, 1) -> (N, 1)`, flat beyond the training range as the scale is."""
        return np.interp(column, self.scaled, self.units)


Basis: TypeAlias = "SplineTransformer | Line | None"


class SplineDesign:
    """Cubic B-splines of the numeric columns, straight lines beyond their outer knots, and dummies of the categorical
    ones.

    `knots` are at quantiles of each column; `columns` are the places of the numeric columns that are used.
    """

    def __init__(self, *, knots: int, columns: Sequence[int]) -> None:
        self.knots = knots
        self.columns = list(columns)

    def fit(self, numeric: np.ndarray, categorical: np.ndarray, sizes: Sequence[int]) -> np.ndarray:
        """The design `(N, W)` of the rows whose quantiles the knots are."""
        self.sizes = tuple(sizes)
        self.bases = [self._basis(place, numeric[:, place].astype(np.float64)) for place in self.columns]
        return self.rows(numeric, categorical)

    def rows(self, numeric: np.ndarray, categorical: np.ndarray) -> np.ndarray:
        """`(N, F), (N, C) -> (N, W)`."""
        columns = numeric.T[self.columns].astype(np.float64)[:, :, None]
        parts = [
            column if basis is None else basis.transform(column)
            for basis, column in zip(self.bases, columns, strict=True)
        ]
        parts += [np.eye(size)[codes] for size, codes in zip(self.sizes, categorical.T, strict=True)]
        return np.concatenate(parts, axis=1)

    def to_json(self, intercept: Any, weights: np.ndarray) -> dict[str, Any]:
        """The curves and tables of weights (W,), or of (W, C) for C answers, as `AdditiveModel` reads them."""
        widths = [1 if basis is None else int(basis.n_features_out_) for basis in self.bases]
        parts = np.split(weights, np.cumsum([*widths, *self.sizes])[:-1])
        curves = [_curve(basis, part) for basis, part in zip(self.bases, parts, strict=False)]
        tables = [part.tolist() for part in parts[len(self.bases) :]]
        intercept = np.asarray(intercept, dtype=np.float64).tolist()
        return {"intercept": intercept, "columns": self.columns, "curves": curves, "tables": tables}

    def _basis(self, _place: int, column: np.ndarray) -> Basis:
        """Splines of a column, or None where it has too few values to bend between."""
        edges = np.unique(np.quantile(column, np.linspace(0, 1, self.knots)))
        if len(edges) < 3:
            return None
        transformer = SplineTransformer(degree=DEGREE, knots=edges[:, None], extrapolation="linear", include_bias=False)
        return transformer.fit(column[:, None])


class LineDesign(SplineDesign):
    """The same of straight lines in the data's own units; `scales` are those of the first numeric columns, the others
    (indicators) have none.
    """

    def __init__(self, *, scales: Sequence[Scale], columns: Sequence[int]) -> None:
        super().__init__(knots=2, columns=columns)
        self.scales = list(scales)

    def _basis(self, place: int, column: np.ndarray) -> Basis:
        if place >= len(self.scales) or len(self.scales[place].x) < 2:
            return None
        return Line(self.scales[place]).fit(column[:, None])


def spline_design(params: SplineParams, encoder: TableEncoder) -> SplineDesign:
    return SplineDesign(knots=params.knots, columns=used_columns(params.leave_out, encoder))


def designs(params: SplineParams, encoder: TableEncoder) -> tuple[Callable[[], SplineDesign], ...]:
    """Makers of lines in the data's own units, and of splines: few rows say which of them is the better one."""
    columns = used_columns(params.leave_out, encoder)
    scales = [feature.scale for feature in encoder.numeric]
    return partial(LineDesign, scales=scales, columns=columns), partial(spline_design, params, encoder)


def used_columns(leave_out: Sequence[str], encoder: TableEncoder) -> list[int]:
    """Where the numeric columns stand that are not left out, nor tell that one left out is missing."""
    absent = {*leave_out, *(f"{name} missing" for name in leave_out)}
    return [place for place, name in enumerate(encoder.numeric_names) if name not in absent]


def _curve(basis: Basis, weights: np.ndarray) -> dict[str, Any]:
    """`PiecewiseCubic` of the weights `(W,)` or `(W, C)` of a basis."""
    if basis is None:
        slopes = weights[:1]
        return _pieces([0.0, 1.0], [np.zeros_like(slopes)] * 2 + [slopes, np.zeros_like(slopes)])
    if isinstance(basis, Line):
        heights = np.multiply.outer(basis.units, weights[0])
        widths = np.diff(basis.scaled)
        slopes = np.diff(heights, axis=0) / (widths if heights.ndim == 1 else widths[:, None])
        return _pieces(basis.scaled.tolist(), [np.zeros_like(slopes)] * 2 + [slopes, heights[:-1]])
    spline: BSpline = basis.bsplines_[0]
    inner = slice(DEGREE, len(spline.t) - DEGREE)
    powers = [_powers(spline.t, column) for column in weights.reshape(len(weights), -1).T]
    stacked = powers[0] if weights.ndim == 1 else np.stack(powers, axis=-1)
    return {"knots": spline.t[inner].tolist(), "coefficients": stacked.tolist()}


def _powers(knots: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """`(K, 4)` for the K intervals between the inner knots."""
    # The last B-spline was left out of the design as linearly dependent: its weight is 0.
    polynomial = PPoly.from_spline(BSpline(knots, np.array([*weights, 0.0]), DEGREE))
    powers: np.ndarray = polynomial.c.T[DEGREE : len(knots) - DEGREE - 1]
    return powers


def _pieces(knots: list[float], powers: list[np.ndarray]) -> dict[str, Any]:
    return {"knots": knots, "coefficients": np.stack(powers, axis=1).tolist()}
