"""Curves as files: their points, their folders, and what is refused."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.core.errors import CasebookError
from components.evaluation import plots

TARGET, SCORE = np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8])


def test_the_curves_of_a_score() -> None:
    found = plots.roc(TARGET, SCORE)
    assert found["false_positive_rate"].tolist() == [0, 0, 0.5, 0.5, 1]
    assert found["true_positive_rate"].tolist() == [0, 0.5, 0.5, 1, 1]
    found = plots.precision_recall(TARGET, SCORE)
    assert found["recall"].tolist() == [1, 1, 0.5, 0.5, 0]
    assert found["precision"].tolist() == [0.5, 2 / 3, 0.5, 1, 1]


def test_a_long_curve_keeps_its_ends() -> None:
    steps = np.arange(1000.0)
    found = plots.curve("training", steps, steps)
    assert len(found) == plots.POINTS
    assert found["step"].iloc[[0, -1]].tolist() == [0, 999]
    assert found["step"].is_monotonic_increasing


def test_a_confusion_has_a_row_for_each_that_is_counted() -> None:
    found = plots.confusion(np.array([[2, 0], [1, 1]]), ["no", "yes"])
    assert found.groupby(["actual", "predicted"]).size().to_dict() == {
        ("no", "no"): 2,
        ("yes", "no"): 1,
        ("yes", "yes"): 1,
    }


def test_every_kind_has_a_folder_and_a_file_no_other_columns(tmp_path: Path) -> None:
    frame = pd.DataFrame({"observed": [0.5], "predicted": [0.25], "rows": [7]})
    plots.write_plots(tmp_path, {"calibration/test": frame, "calibration/none": frame[:0]})
    assert {path.name for path in tmp_path.iterdir()} == set(plots.KINDS)
    (file,) = (path for path in tmp_path.rglob("*") if path.is_file())
    assert file == tmp_path / "calibration" / "test.csv"
    assert file.read_text(encoding="utf-8") == "predicted,observed\n0.25,0.5\n"


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("lift/test", "no KIND/NAME"),
        ("roc", "no KIND/NAME"),
        ("roc/a/b", "no KIND/NAME"),
        ("roc/test", "has no column"),
    ],
)
def test_what_dvc_yaml_does_not_know_is_refused(tmp_path: Path, key: str, message: str) -> None:
    with pytest.raises(CasebookError, match=message):
        plots.write_plots(tmp_path, {key: pd.DataFrame({"x": [1]})})


def test_a_fit_of_before_has_no_curves_and_a_new_one_has_a_file_a_metric(tmp_path: Path) -> None:
    assert plots.training_plots(tmp_path) == {}
    (tmp_path / plots.TRAINING).write_text("metric,step,value\ntrain/loss,0,0.7\nval/loss,0,0.5\nval/loss,1,0.4\n")
    found = plots.training_plots(tmp_path)
    assert {name: part["value"].tolist() for name, part in found.items()} == {
        "training/train_loss": [0.7],
        "training/val_loss": [0.5, 0.4],
    }
