"""Logistic regression of two classes or more on a design of splines or of straight lines."""

from collections.abc import Callable, Sequence
from copy import copy
from functools import partial
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from components.kits.tables.encoding.encode import TableEncoder
from components.kits.tables.learning.blocks import SplineParams
from components.kits.tables.learning.splines import SplineDesign, designs


class AdditiveLogistic:
    """`c` is scikit-learn's inverse of the ridge penalty (Eilers & Marx, 1996, for splines with a penalty).

    Targets are 0 and 1, or 0 to C - 1 of C classes, which then have a line each (multinomial).
    """

    def __init__(self, *, design: SplineDesign, c: float) -> None:
        self.design = design
        self.c = c

    def fit(
        self, numeric: np.ndarray, categorical: np.ndarray, target: np.ndarray, sizes: Sequence[int]
    ) -> "AdditiveLogistic":
        design = self.design.fit(numeric, categorical, sizes)
        self.model = LogisticRegression(C=self.c, max_iter=5000).fit(design, target)
        return self

    def anew(self) -> "AdditiveLogistic":
        """One of the same design and penalty that is not fitted."""
        return AdditiveLogistic(design=copy(self.design), c=self.c)

    def predict(self, numeric: np.ndarray, categorical: np.ndarray) -> np.ndarray:
        """`(N, F), (N, C) -> (N,)` probabilities of the second of two classes, `(N, C)` of more."""
        probability: np.ndarray = self.model.predict_proba(self.design.rows(numeric, categorical))
        return probability[:, 1] if len(self.model.classes_) == 2 else probability

    def to_json(self) -> dict[str, Any]:
        """The fitted curves and tables, as `AdditiveModel` reads them: log-odds, or C lines before softmax."""
        two = len(self.model.classes_) == 2
        intercept, weights = self.model.intercept_, self.model.coef_.T
        return self.design.to_json(intercept[0] if two else intercept, weights[:, 0] if two else weights)


def logistic_families(
    params: SplineParams, penalties: Sequence[float], encoder: TableEncoder
) -> list[list[Callable[[], AdditiveLogistic]]]:
    """For few rows: lines by each of the inverse penalties, and splines by them."""
    return [[partial(_logistic, design, c) for c in penalties] for design in designs(params, encoder)]


def _logistic(design: Callable[[], SplineDesign], c: float) -> AdditiveLogistic:
    return AdditiveLogistic(design=design(), c=c)
