import logging
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.core.job import PREPARED_FILES, TRAIN, Paths
from components.kits.tables.encoding.spec import TARGET
from components.kits.tables.learning.data import Rows
from components.recipes.regression.params import RegressionJob
from components.recipes.regression.training.loss import left_out_errors, loss_of
from components.recipes.regression.training.training import everything


def with_targets(houses: RegressionJob, target: np.ndarray, root: Path) -> RegressionJob:
    """A job of the same training rows, with targets of one's own."""
    paths = Paths(root)
    folder = shutil.copytree(houses.paths.prepared(houses.case), paths.prepared(houses.case))
    rows = pd.read_parquet(folder / PREPARED_FILES[TRAIN])
    rows.assign(**{TARGET: target[: len(rows)]}).to_parquet(folder / PREPARED_FILES[TRAIN])
    return replace(houses, paths=paths).with_values({"model.loss.kind": "auto"})


def line_of(houses: RegressionJob) -> np.ndarray:
    """What lies on a line of three columns (N,)."""
    data = everything(houses)
    names = ("Gr_Liv_Area", "Lot_Area", "Year_Built")
    places = [data.encoder.raw_names.index(name) for name in names]
    line: np.ndarray = data.parts[0].encoded.numeric[:, places].astype(np.float64).sum(axis=1)
    return line


def test_logarithms_are_learned_where_they_answer_surely_better(
    houses: RegressionJob, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    line, noise = line_of(houses), np.random.default_rng(0).normal(size=len(line_of(houses)))
    with caplog.at_level(logging.INFO):
        assert loss_of(with_targets(houses, np.exp(5 + 0.7 * line + 0.05 * noise), tmp_path / "log")).kind == "log"
    assert "learned is the logarithm" in caplog.text
    assert loss_of(with_targets(houses, 50 + 5 * line + noise, tmp_path / "line")).kind == "squared"
    assert loss_of(with_targets(houses, line, tmp_path / "negative")).kind == "squared"  # some are negative


def test_what_is_stated_is_taken(houses: RegressionJob) -> None:
    assert loss_of(houses.with_values({"model.loss.kind": "tweedie", "model.loss.power": 1.3})).power == 1.3


def test_left_out_answers_are_right_in_all(houses: RegressionJob) -> None:
    data, target = everything(houses), np.exp(0.7 * line_of(houses))
    errors = left_out_errors("log", Rows(data.parts[0].encoded, target), data.encoder)
    assert errors.shape == target.shape
    assert errors.mean() < 0.3 * target.var()
