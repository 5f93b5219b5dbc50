"""The simple methods that a tabular learner has to beat, and that may join it in the blend.

All see the encoded rows: `numeric (N, F)` finite, `categorical (N, C)` codes from 0.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from lightgbm import LGBMClassifier
from onnx import ModelProto
from onnxmltools import convert_lightgbm
from onnxmltools.convert.common.data_types import FloatTensorType
from scipy.interpolate import BSpline, PPoly
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import SplineTransformer

from components.kits.tables.encoding.dummies import with_dummies
from components.kits.tables.encoding.scale import Scale

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


class SplineLogistic:
    """Logistic regression on cubic B-splines of the numeric columns and dummies of the categorical ones.

    `knots` at quantiles of each column, straight lines beyond them; `c` is scikit-learn's inverse
    of the ridge penalty (Eilers & Marx, 1996, for splines with a penalty); `columns` are the places
    of the numeric columns that are used.
    """

    def __init__(self, *, knots: int, c: float, columns: Sequence[int]) -> None:
        self.knots = knots
        self.c = c
        self.columns = list(columns)

    def fit(
        self, numeric: np.ndarray, categorical: np.ndarray, target: np.ndarray, sizes: Sequence[int]
    ) -> "SplineLogistic":
        self.sizes = tuple(sizes)
        self.bases = [self._basis(place, numeric[:, place].astype(np.float64)) for place in self.columns]
        self.model = LogisticRegression(C=self.c, max_iter=5000).fit(self._design(numeric, categorical), target)
        return self

    def predict(self, numeric: np.ndarray, categorical: np.ndarray) -> np.ndarray:
        """`(N, F), (N, C) -> (N,)` probabilities."""
        probability: np.ndarray = self.model.predict_proba(self._design(numeric, categorical))[:, 1]
        return probability

    def to_json(self) -> dict[str, Any]:
        """The fitted curves and tables, as `components.recipes.binary.serving.additive.AdditiveModel` reads them."""
        weights = iter(self.model.coef_[0])
        curves = [_curve(basis, [next(weights) for _ in range(_width(basis))]) for basis in self.bases]
        tables = [[next(weights) for _ in range(size)] for size in self.sizes]
        intercept = float(self.model.intercept_[0])
        return {"intercept": intercept, "columns": self.columns, "curves": curves, "tables": tables}

    def _basis(self, _place: int, column: np.ndarray) -> Basis:
        """Splines of a column, or None where it has too few values to bend between."""
        edges = np.unique(np.quantile(column, np.linspace(0, 1, self.knots)))
        if len(edges) < 3:
            return None
        transformer = SplineTransformer(degree=DEGREE, knots=edges[:, None], extrapolation="linear", include_bias=False)
        return transformer.fit(column[:, None])

    def _design(self, numeric: np.ndarray, categorical: np.ndarray) -> np.ndarray:
        columns = numeric.T[self.columns].astype(np.float64)[:, :, None]
        parts = [
            column if basis is None else basis.transform(column)
            for basis, column in zip(self.bases, columns, strict=True)
        ]
        parts += [np.eye(size)[codes] for size, codes in zip(self.sizes, categorical.T, strict=True)]
        return np.concatenate(parts, axis=1)


class LinearLogistic(SplineLogistic):
    """The same on straight lines in the data's own units; `scales` are those of the first numeric columns, the others
    (indicators) have none.
    """

    def __init__(self, *, scales: Sequence[Scale], c: float, columns: Sequence[int]) -> None:
        super().__init__(knots=2, c=c, columns=columns)
        self.scales = list(scales)

    def _basis(self, place: int, column: np.ndarray) -> Basis:
        if place >= len(self.scales) or len(self.scales[place].x) < 2:
            return None
        return Line(self.scales[place]).fit(column[:, None])


def _width(basis: Basis) -> int:
    return 1 if basis is None else int(basis.n_features_out_)


def _curve(basis: Basis, weights: list[float]) -> dict[str, Any]:
    if basis is None:
        return {"knots": [0.0, 1.0], "coefficients": [[0.0, 0.0, float(weights[0]), 0.0]]}
    if isinstance(basis, Line):
        heights = weights[0] * basis.units
        slopes = np.diff(heights) / np.diff(basis.scaled)
        rows = np.column_stack([np.zeros((len(slopes), 2)), slopes, heights[:-1]])
        return {"knots": basis.scaled.tolist(), "coefficients": rows.tolist()}
    spline: BSpline = basis.bsplines_[0]
    # The last B-spline was left out of the design as linearly dependent: its weight is 0.
    polynomial = PPoly.from_spline(BSpline(spline.t, np.array([*weights, 0.0]), DEGREE))
    inner = slice(DEGREE, len(spline.t) - DEGREE)
    return {
        "knots": spline.t[inner].tolist(),
        "coefficients": polynomial.c.T[DEGREE : len(spline.t) - DEGREE - 1].tolist(),
    }


class GradientBoosting:
    """LightGBM (Ke et al., 2017), one model a seed, averaged in log-odds; categorical columns as dummies.

    `monotone` has 1, -1 or 0 for each column of `with_dummies`.
    """

    def __init__(self, *, seeds: int, monotone: Sequence[int], settings: Mapping[str, Any]) -> None:
        self.seeds = seeds
        self.settings = {**settings, "monotone_constraints": list(monotone)}

    def fit(
        self, numeric: np.ndarray, categorical: np.ndarray, target: np.ndarray, sizes: Sequence[int]
    ) -> "GradientBoosting":
        self.sizes = tuple(sizes)
        self.models = [
            LGBMClassifier(
                **self.settings, random_state=seed, deterministic=True, force_row_wise=True, n_jobs=1, verbosity=-1
            ).fit(with_dummies(numeric, categorical, self.sizes), target)
            for seed in range(self.seeds)
        ]
        return self

    def predict(self, numeric: np.ndarray, categorical: np.ndarray) -> np.ndarray:
        """`(N, F), (N, C) -> (N,)` probabilities."""
        rows = with_dummies(numeric, categorical, self.sizes)
        logits = np.mean([model.predict(rows, raw_score=True) for model in self.models], axis=0)
        probability: np.ndarray = expit(logits)
        return probability

    def to_onnx(self, width: int) -> list[ModelProto]:
        """One graph a seed, from `features (N, width) float32` to `probabilities (N, 2)`."""
        inputs = [("features", FloatTensorType([None, width]))]
        # Named, or each gets a random name, and the same model other bytes.
        return [
            _in_order(convert_lightgbm(model, name=f"lightgbm-{seed}", initial_types=inputs, zipmap=False))
            for seed, model in enumerate(self.models)
        ]


def _in_order(graph: ModelProto) -> ModelProto:
    """The graph with its operator sets sorted: the converter takes them from a set, in no order of its own."""
    opsets = sorted(graph.opset_import, key=lambda opset: opset.domain)
    del graph.opset_import[:]
    graph.opset_import.extend(opsets)
    return graph
