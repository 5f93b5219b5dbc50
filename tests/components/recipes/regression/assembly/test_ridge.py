import json

import numpy as np
import pytest

from components.kits.tables.learning.additive import AdditiveModel
from components.kits.tables.learning.data import Rows
from components.kits.tables.learning.splines import SplineDesign
from components.recipes.regression.assembly.ridge import AdditiveRidge, fit_ridge
from components.recipes.regression.metrics.losses import LOSSES
from components.recipes.regression.params import Kind, LossParams, RegressionJob
from components.recipes.regression.training.training import everything

SQUARES = LossParams(kind="squared", power=1.5)
RANDOM = np.random.default_rng(0)
NUMERIC = RANDOM.normal(size=(400, 2)).astype(np.float32)
CODES = RANDOM.integers(0, 3, (400, 1))
LINE = np.sin(2 * NUMERIC[:, 0]) + 0.5 * CODES[:, 0] - 0.5


def ridge(kind: Kind, target: np.ndarray, alpha: float = 1.0) -> AdditiveRidge:
    design = SplineDesign(knots=6, columns=[0, 1])
    model = AdditiveRidge(design=design, alpha=alpha, loss=LossParams(kind=kind, power=1.5))
    return model.fit(NUMERIC, CODES, target, (3,))


@pytest.mark.parametrize("kind", ["squared", "poisson", "tweedie"])
def test_curves_are_found_and_answered_from_json(kind: Kind) -> None:
    target = LINE if kind == "squared" else RANDOM.poisson(5 * np.exp(LINE)) / 5
    model = ridge(kind, target)
    told = model.predict(NUMERIC, CODES)
    truth = LINE if kind == "squared" else np.exp(LINE)
    assert np.sqrt(((told - truth) ** 2).mean()) < 0.4 * truth.std()
    read = AdditiveModel.from_json(json.loads(json.dumps(model.to_json())))
    assert LOSSES[kind].answered(read.line(NUMERIC, CODES)) == pytest.approx(told, abs=1e-6)


def test_a_large_penalty_leaves_the_mean() -> None:
    told = ridge("squared", LINE, alpha=1e9).predict(NUMERIC, CODES)
    assert told == pytest.approx(np.full(400, LINE.mean()), abs=1e-3)


def test_lines_serve_where_splines_are_not_surely_better(houses: RegressionJob) -> None:
    data = everything(houses)
    rows, encoder = data.parts[0], data.encoder
    numbers = rows.encoded.numeric[:, encoder.raw_names.index("Gr_Liv_Area")].astype(np.float64)
    straight = fit_ridge(Rows(rows.encoded, numbers), encoder, houses.model.ridge, SQUARES, 0)
    bent = fit_ridge(Rows(rows.encoded, np.sin(3 * numbers)), encoder, houses.model.ridge, SQUARES, 0)
    assert type(bent.design) is SplineDesign
    told = straight.predict(rows.encoded.numeric, rows.encoded.categorical)
    assert np.corrcoef(told, numbers)[0, 1] > 0.99


def test_of_counts_the_penalty_is_chosen_on_rows_left_out(houses: RegressionJob) -> None:
    data = everything(houses)
    rows, encoder = data.parts[0], data.encoder
    job = houses.with_values({"model.ridge.alphas": [1.0, 1e9]})
    counts = np.exp(rows.encoded.numeric[:, encoder.raw_names.index("Gr_Liv_Area")].astype(np.float64))
    model = fit_ridge(
        Rows(rows.encoded, counts / counts.mean()), encoder, job.model.ridge, LossParams(kind="poisson", power=1.5), 0
    )
    assert model.alpha == 1.0
    assert (model.predict(rows.encoded.numeric, rows.encoded.categorical) > 0).all()
