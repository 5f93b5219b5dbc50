"""The simple methods that a survival learner has to beat, and that may join it in the blend.

All see the encoded rows, `numeric (N, F)` finite and `categorical (N, C)` codes from 0, and a
target (N, 2) of years and event, which of Cox may have entries, too: (N, 3). Each is
scikit-survival's `model`, where that knows what is asked, and `contents` is what
`components.kits.survival.serving.members` answers from: numbers on a grid of times, no objects.
"""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.preprocessing import SplineTransformer
from sksurv.ensemble import GradientBoostingSurvivalAnalysis, RandomSurvivalForest
from sksurv.functions import StepFunction
from sksurv.linear_model import CoxPHSurvivalAnalysis
from sksurv.util import Surv

from components.kits.survival.assembly.entered_cox import EnteredCox
from components.kits.tables.encoding.dummies import with_dummies

DEGREE = 3
Fitted = dict[str, bytes | dict[str, Any]]


class SplineCox:
    """Cox's regression with a ridge penalty on cubic B-splines of numeric columns and dummies of categorical ones.

    `knots` at quantiles of each column, straight lines beyond them; every column of the design has
    deviation 1, so that `ridge` means the same for all.
    """

    def __init__(self, *, knots: int, ridge: float) -> None:
        self.knots = knots
        self.ridge = ridge

    def fit(
        self, numeric: np.ndarray, categorical: np.ndarray, target: np.ndarray, sizes: Sequence[int]
    ) -> "SplineCox":
        self.sizes = tuple(sizes)
        self.bases = [self._basis(column) for column in numeric.T.astype(np.float64)]
        design = self._design(numeric, categorical)
        deviation = design.std(axis=0)
        self.scale = np.where(deviation > 0, deviation, 1.0)
        if target.shape[1] == 3:
            self.model = EnteredCox(self.ridge).fit(design / self.scale, target)
        else:
            self.model = CoxPHSurvivalAnalysis(alpha=self.ridge).fit(design / self.scale, _outcome(target))
        return self

    def contents(self, name: str, times: np.ndarray) -> Fitted:
        weights = iter((self.model.coef_ / self.scale).tolist())
        curves = [_curve(basis, weights) for basis in self.bases]
        tables = [[next(weights) for _ in range(size)] for size in self.sizes]
        baseline = _steps(self.model.cum_baseline_hazard_, times).tolist()
        return {f"{name}.json": {"curves": curves, "tables": tables, "baseline": baseline}}

    def _basis(self, column: np.ndarray) -> SplineTransformer | None:
        """Splines of a column, or None where it has too few values to bend between."""
        edges = np.unique(np.quantile(column, np.linspace(0, 1, self.knots)))
        if len(edges) < 3:
            return None
        transformer = SplineTransformer(degree=DEGREE, knots=edges[:, None], extrapolation="linear", include_bias=False)
        return transformer.fit(column[:, None])

    def _design(self, numeric: np.ndarray, categorical: np.ndarray) -> np.ndarray:
        columns = numeric.T.astype(np.float64)[:, :, None]
        parts = [
            column if basis is None else basis.transform(column)
            for basis, column in zip(self.bases, columns, strict=True)
        ]
        parts += [np.eye(size)[codes] for size, codes in zip(self.sizes, categorical.T, strict=True)]
        return np.concatenate(parts, axis=1)


class SurvivalForest:
    """A random survival forest (Ishwaran et al., 2008): the mean over trees of their leaves' cumulative hazards.

    Times are rounded up to multiples of `resolution` years first: a tree looks at every distinct time.
    """

    def __init__(self, *, trees: int, min_leaf: int, features: float, resolution: float, seed: int) -> None:
        self.resolution = resolution
        self.model = RandomSurvivalForest(
            n_estimators=trees, min_samples_leaf=min_leaf, max_features=features, random_state=seed, n_jobs=1
        )

    def fit(
        self, numeric: np.ndarray, categorical: np.ndarray, target: np.ndarray, sizes: Sequence[int]
    ) -> "SurvivalForest":
        self.sizes = tuple(sizes)
        rounded = np.ceil(target[:, 0] / self.resolution) * self.resolution
        self.model.fit(with_dummies(numeric, categorical, sizes), _outcome(np.column_stack([rounded, target[:, 1:]])))
        return self

    def contents(self, name: str, times: np.ndarray) -> Fitted:
        known = self.model.unique_times_
        place = np.searchsorted(known, times, side="right")

        def values(tree: Any) -> np.ndarray:
            hazards = np.concatenate([np.zeros((tree.node_count, 1)), tree.value[:, :, 0]], axis=1)
            return hazards[:, place] / len(self.model.estimators_)

        trees = [(estimator.tree_, values(estimator.tree_)) for estimator in self.model.estimators_]
        return {f"{name}.parquet": trees_table(trees)}


class SurvivalBoosting:
    """Gradient boosting of regression trees on Cox's partial likelihood (Ridgeway, 1999), with Breslow's baseline."""

    def __init__(
        self, *, trees: int, rate: float, depth: int, min_leaf: int, subsample: float, features: float, seed: int
    ) -> None:
        self.model = GradientBoostingSurvivalAnalysis(
            n_estimators=trees,
            learning_rate=rate,
            max_depth=depth,
            min_samples_leaf=min_leaf,
            subsample=subsample,
            max_features=features,
            random_state=seed,
        )

    def fit(
        self, numeric: np.ndarray, categorical: np.ndarray, target: np.ndarray, sizes: Sequence[int]
    ) -> "SurvivalBoosting":
        self.sizes = tuple(sizes)
        rows = with_dummies(numeric, categorical, sizes)
        self.model.fit(rows, _outcome(target))
        first = rows[:1]
        (curve,) = self.model.predict_cumulative_hazard_function(first)
        self.baseline = StepFunction(curve.x, curve.y, a=curve.a / float(np.exp(self.model.predict(first)[0])))
        return self

    def contents(self, name: str, times: np.ndarray) -> Fitted:
        trees = [
            (tree.tree_, self.model.learning_rate * tree.tree_.value[:, :, 0]) for tree in self.model.estimators_[:, 0]
        ]
        baseline = _steps(self.baseline, times).tolist()
        return {f"{name}.parquet": trees_table(trees), f"{name}.json": {"baseline": baseline}}


def trees_table(trees: Sequence[tuple[Any, np.ndarray]]) -> bytes:
    """Parquet of all trees' nodes (M), one below the other: `feature`, `threshold`, `left`, `right`, `tree`, `values`.

    A row goes left where its feature is at most the threshold; a leaf's children are the leaf
    itself. `values` is what the node's rows get, added up over trees.
    """
    columns: dict[str, list[np.ndarray]] = {name: [] for name in ("feature", "threshold", "left", "right", "tree")}
    values, start = [], 0
    for number, (tree, value) in enumerate(trees):
        here = start + np.arange(tree.node_count)
        leaf = tree.children_left < 0
        columns["feature"].append(np.where(leaf, 0, tree.feature).astype(np.int32))
        columns["threshold"].append(tree.threshold)
        columns["left"].append(np.where(leaf, here, start + tree.children_left).astype(np.int32))
        columns["right"].append(np.where(leaf, here, start + tree.children_right).astype(np.int32))
        columns["tree"].append(np.full(tree.node_count, number, dtype=np.int32))
        values.append(np.where(leaf[:, None], value, 0.0).astype(np.float32))
        start += tree.node_count
    table = {name: np.concatenate(parts) for name, parts in columns.items()}
    stacked = np.concatenate(values)
    table["values"] = pa.FixedSizeListArray.from_arrays(pa.array(stacked.ravel()), stacked.shape[1])
    content = io.BytesIO()
    pq.write_table(pa.table(table), content, compression="zstd")
    return content.getvalue()


def _outcome(target: np.ndarray) -> np.ndarray:
    assert target.shape[1] == 2, "scikit-survival knows no entries"
    return Surv.from_arrays(target[:, 1] == 1, target[:, 0])


def _steps(function: Any, times: np.ndarray) -> np.ndarray:
    """A fitted step function at `times`, which may lie before its first and behind its last step."""
    place = np.searchsorted(function.x, times, side="right")
    found: np.ndarray = np.concatenate([[0.0], function.a * function.y + function.b])[place]
    return found


def _curve(basis: SplineTransformer | None, weights: Any) -> dict[str, Any]:
    """A B-spline by its knots and coefficients; a straight line has none of the former."""
    if basis is None:
        return {"knots": [], "coefficients": [next(weights)]}
    # The last B-spline was left out of the design as linearly dependent: its weight is 0.
    coefficients = [*(next(weights) for _ in range(int(basis.n_features_out_))), 0.0]
    return {"knots": basis.bsplines_[0].t.tolist(), "coefficients": coefficients}
