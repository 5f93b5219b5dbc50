"""Ridge regression on a design of splines or of straight lines, by squares or by the deviance of counts and amounts."""

from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
from sklearn.linear_model import Ridge, RidgeCV, TweedieRegressor

from components.kits.tables.encoding.encode import TableEncoder
from components.kits.tables.learning.comparing import beats
from components.kits.tables.learning.cut import cut_numbers
from components.kits.tables.learning.data import Rows
from components.kits.tables.learning.splines import SplineDesign, designs
from components.recipes.regression.metrics.losses import LOSSES
from components.recipes.regression.params import LossParams, RidgeParams

HELD_OUT = 5  # one of so many parts chooses the penalty of a deviance
STEPS = 300  # of a deviance's solver
Design = Callable[[], SplineDesign]


class AdditiveRidge:
    """`alpha` is the penalty on squared weights (Hoerl and Kennard, 1970), in units of a row's loss. Medians are not
    learned: of `absolute` it answers the mean.
    """

    def __init__(self, *, design: SplineDesign, alpha: float, loss: LossParams) -> None:
        self.design, self.alpha, self.loss = design, alpha, loss

    def fit(self, numeric: np.ndarray, categorical: np.ndarray, target: np.ndarray, sizes: Sequence[int]) -> Self:
        """To targets (N,) on the scale of `Units`."""
        design = self.design.fit(numeric, categorical, sizes)
        self.model = self._model(len(target)).fit(design, target)
        return self

    def predict(self, numeric: np.ndarray, categorical: np.ndarray) -> np.ndarray:
        """`(N, F), (N, C) -> (N,)` on that scale."""
        line = self.design.rows(numeric, categorical) @ self.model.coef_ + self.model.intercept_
        return LOSSES[self.loss.kind].answered(line)

    def to_json(self) -> dict[str, Any]:
        """The fitted curves and tables, as `AdditiveModel` reads them: what is learned, before it is an answer."""
        return self.design.to_json(self.model.intercept_, self.model.coef_)

    def _model(self, rows: int) -> Any:
        if not LOSSES[self.loss.kind].exponential:
            return Ridge(self.alpha)
        power = 1.0 if self.loss.kind == "poisson" else self.loss.power
        # Its deviance is that of a mean row, and so is its penalty.
        return TweedieRegressor(power=power, alpha=self.alpha / rows, link="log", max_iter=STEPS)


def fit_ridge(rows: Rows, encoder: TableEncoder, params: RidgeParams, loss: LossParams, seed: int) -> AdditiveRidge:
    """Lines by that penalty which answers rows best that were left out, or splines where they are surely better."""
    lines, splines = designs(params, encoder)
    search = _by_deviance if LOSSES[loss.kind].exponential else _by_squares
    (line, losses), (spline, others) = (
        search(design, rows, encoder, params, loss, seed) for design in (lines, splines)
    )
    design, alpha = (splines, spline) if beats(others, losses) else (lines, line)
    return AdditiveRidge(design=design(), alpha=alpha, loss=loss).fit(*rows.known(encoder))


def _by_squares(
    make: Design, rows: Rows, encoder: TableEncoder, params: RidgeParams, _loss: LossParams, _seed: int
) -> tuple[float, np.ndarray]:
    """The best penalty, and the squared errors (N,) of each row by a fit without it, all of them by one decomposition
    (Golub, Heath and Wahba, 1979).
    """
    numeric, categorical, target, sizes = rows.known(encoder)
    alphas = sorted(params.alphas)
    tried = RidgeCV(alphas, store_cv_results=True).fit(make().fit(numeric, categorical, sizes), target)
    losses: np.ndarray = tried.cv_results_[:, alphas.index(tried.alpha_)]
    return float(tried.alpha_), losses


def _by_deviance(
    make: Design, rows: Rows, encoder: TableEncoder, params: RidgeParams, loss: LossParams, seed: int
) -> tuple[float, np.ndarray]:
    """The same on a part of the rows, which was left out: a deviance has no such shortcut."""
    fitting, rest = cut_numbers(rows.target, None, HELD_OUT, seed)[0]
    known, unseen = rows.take(fitting), rows.take(rest)
    found = []
    for alpha in params.alphas:
        model = AdditiveRidge(design=make(), alpha=alpha, loss=loss).fit(*known.known(encoder))
        answer = model.predict(unseen.encoded.numeric, unseen.encoded.categorical)
        found.append((alpha, (answer - unseen.target) ** 2))
    return min(found, key=lambda one: float(one[1].mean()))
