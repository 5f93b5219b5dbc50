import logging

import numpy as np
import pytest

from components.kits.tables.learning.data import Rows
from components.recipes.regression.params import RegressionJob
from components.recipes.regression.training import loss
from components.recipes.regression.training.loss import left_out_errors, loss_of
from components.recipes.regression.training.training import everything


def with_targets(houses: RegressionJob, target: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> RegressionJob:
    """The same rows with targets of one's own."""
    rows = everything(houses).parts[0]
    monkeypatch.setattr(loss, "read_rows", lambda *_, **__: Rows(rows.encoded, target))
    loss._tried.cache_clear()
    return houses.with_values({"model.loss.kind": "auto"})


@pytest.fixture(autouse=True)
def none_is_kept() -> None:
    loss._tried.cache_clear()


def line_of(houses: RegressionJob) -> np.ndarray:
    """What lies on a line of three columns (N,)."""
    data = everything(houses)
    names = ("Gr_Liv_Area", "Lot_Area", "Year_Built")
    places = [data.encoder.raw_names.index(name) for name in names]
    line: np.ndarray = data.parts[0].encoded.numeric[:, places].astype(np.float64).sum(axis=1)
    return line


def test_logarithms_are_learned_where_they_answer_surely_better(
    houses: RegressionJob, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    line, noise = line_of(houses), np.random.default_rng(0).normal(size=len(line_of(houses)))
    with caplog.at_level(logging.INFO):
        assert loss_of(with_targets(houses, np.exp(5 + 0.7 * line + 0.05 * noise), monkeypatch)).kind == "log"
    assert "learned is the logarithm" in caplog.text
    assert loss_of(with_targets(houses, 50 + 5 * line + noise, monkeypatch)).kind == "squared"
    assert loss_of(with_targets(houses, line, monkeypatch)).kind == "squared"  # some are negative


def test_what_is_stated_is_taken(houses: RegressionJob) -> None:
    assert loss_of(houses.with_values({"model.loss.kind": "tweedie", "model.loss.power": 1.3})).power == 1.3


def test_left_out_answers_are_right_in_all(houses: RegressionJob) -> None:
    data, target = everything(houses), np.exp(0.7 * line_of(houses))
    errors = left_out_errors("log", Rows(data.parts[0].encoded, target), data.encoder)
    assert errors.shape == target.shape
    assert errors.mean() < 0.3 * target.var()
