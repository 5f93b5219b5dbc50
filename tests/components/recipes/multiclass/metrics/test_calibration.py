import json

import numpy as np
import pytest
from scipy.special import softmax

from components.core.errors import CasebookError
from components.recipes.multiclass.metrics.calibration import choose_calibrator, fit_calibrator
from components.recipes.multiclass.metrics.calibrator import METHODS, Calibrator
from components.recipes.multiclass.metrics.metrics import log_loss


def rows(size=3000, seed=0):
    """Classes drawn by the softmax of lines (N, 3)."""
    generator = np.random.default_rng(seed)
    lines = generator.normal(size=(size, 3))
    draws = generator.random(size)[:, None]
    return (softmax(lines, axis=1).cumsum(axis=1) < draws).sum(axis=1), lines


def test_temperature_undoes_what_is_too_sure():
    target, lines = rows(30_000)
    found = fit_calibrator("temperature", target, softmax(2 * lines, axis=1))
    assert found.values["temperature"] == pytest.approx(2, abs=0.05)


def test_a_dirichlet_map_undoes_shifted_classes():
    target, lines = rows(30_000)
    shifted = softmax(lines + np.array([1.0, 0.0, -0.5]), axis=1)
    found = fit_calibrator("dirichlet", target, shifted, penalty=1e-4)
    assert np.abs(found.apply(shifted) - softmax(lines, axis=1)).mean() < 0.01
    assert log_loss(target, found.apply(shifted)) < log_loss(target, shifted) - 0.05


def test_a_dirichlet_map_by_hand():
    values = {"weights": [[1.0, 0.5], [0.0, 2.0]], "intercepts": [0.1, -0.1]}
    score = np.array([[0.25, 0.75]])
    lines = [np.log(0.25) + 0.5 * np.log(0.75) + 0.1, 2 * np.log(0.75) - 0.1]
    shares = np.exp(lines) / np.exp(lines).sum()
    assert Calibrator("dirichlet", values).apply(score)[0] == pytest.approx(shares)


def test_what_is_calibrated_is_left_as_it_is():
    target, lines = rows(400)
    score = softmax(lines, axis=1)
    choice = choose_calibrator(tuple(METHODS), target, score, folds=5, seed=0)
    assert choice.calibrator.method == "identity"
    assert set(choice.log_loss) == {"identity", "temperature", "dirichlet 1", "dirichlet 0.1", "dirichlet 0.01"}
    assert choice.log_loss["identity"] == pytest.approx(log_loss(target, score))


@pytest.mark.parametrize(("spoilt", "method"), [(3.0, "temperature"), (np.array([1.0, 1.0, 5.0]), "dirichlet")])
def test_what_is_not_is_mapped_by_the_likeliest_method(spoilt, method):
    target, lines = rows(2000)
    score = softmax(spoilt * lines, axis=1)
    chosen = choose_calibrator(tuple(METHODS), target, score, folds=5, seed=0).calibrator
    assert chosen.method == method
    assert log_loss(target, chosen.apply(score)) < log_loss(target, score) - 0.05


def test_classes_of_next_to_no_rows_can_be_calibrated():
    target = np.array([0, 0, 0, 0, 1, 1, 1, 2])
    score = np.full((8, 3), 1 / 3)
    assert choose_calibrator(tuple(METHODS), target, score, folds=5, seed=0).calibrator.method in METHODS
    assert choose_calibrator(tuple(METHODS), np.array([0, 1, 2]), score[:3], folds=5, seed=0).log_loss == {}


@pytest.mark.parametrize("method", list(METHODS))
def test_a_calibrator_survives_json(method):
    target, lines = rows(200)
    score = softmax(2 * lines, axis=1)
    fitted = fit_calibrator(method, target, score, penalty=0.1)
    again = Calibrator.from_json(json.loads(json.dumps(fitted.to_json())))
    assert (again.apply(score) == fitted.apply(score)).all()
    assert again.apply(score).sum(axis=1) == pytest.approx(np.ones(200))


def test_an_unknown_method_is_refused():
    with pytest.raises(CasebookError, match="no method 'platt'; there are: identity, temperature, dirichlet"):
        fit_calibrator("platt", np.array([0]), np.array([[1.0]]))
