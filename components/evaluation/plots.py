"""Curves as small CSV files, a folder a kind, from which `dvc plots` draws: `dvc.yaml` names folders and axes."""

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn import metrics as sk

from components.core.errors import CasebookError

# The columns of the files of each kind: x and y, as dvc.yaml has them.
KINDS: Mapping[str, tuple[str, str]] = {
    "roc": ("false_positive_rate", "true_positive_rate"),
    "precision_recall": ("recall", "precision"),
    "calibration": ("predicted", "observed"),
    "confusion": ("predicted", "actual"),
    "training": ("step", "value"),
}
POINTS = 200  # of a curve: more cannot be told apart in a picture
TRAINING = "training.csv"  # of a fitted folder: `metric`, `step`, `value`


def write_plots(folder: Path, plots: Mapping[str, pd.DataFrame]) -> None:
    """Each frame as `KIND/NAME.csv`, by its key; a kind that has none is an empty folder, because DVC wants them all.

    Raises:
        CasebookError: a key is of no kind, or a frame lacks a column of its kind.
    """
    for kind in KINDS:
        (folder / kind).mkdir(parents=True)
    for key, frame in plots.items():
        kind, _, name = key.partition("/")
        if kind not in KINDS or not name or "/" in name:
            raise CasebookError(f"plots: {key!r} is no KIND/NAME of a kind of {', '.join(KINDS)}")
        if lacking := [column for column in KINDS[kind] if column not in frame]:
            raise CasebookError(f"plots: {key!r} has no column {', '.join(lacking)}")
        if len(frame):  # DVC draws no file without rows
            frame[list(KINDS[kind])].to_csv(folder / kind / f"{name}.csv", index=False, lineterminator="\n")


def roc(target: np.ndarray, score: np.ndarray) -> pd.DataFrame:
    """Of a target (N,) of 0 and 1 and a score (N,)."""
    false, true, _ = sk.roc_curve(target, score)
    return curve("roc", false, true)


def precision_recall(target: np.ndarray, score: np.ndarray) -> pd.DataFrame:
    """From everything taken to nothing taken."""
    precision, recall, _ = sk.precision_recall_curve(target, score)
    return curve("precision_recall", recall, precision)


def curve(kind: str, x: np.ndarray, y: np.ndarray) -> pd.DataFrame:
    """The points (P,) of a curve, or `POINTS` of them at equal distances in their order, the ends among them."""
    if len(x) > POINTS:
        chosen = np.linspace(0, len(x) - 1, POINTS).round().astype(int)
        x, y = x[chosen], y[chosen]
    return pd.DataFrame(dict(zip(KINDS[kind], (x, y), strict=True)))


def confusion(matrix: np.ndarray, names: list[str]) -> pd.DataFrame:
    """A row for each one that is counted in a matrix of rows the true class and columns the one answered.

    DVC's template counts rows itself.
    """
    actual, predicted = np.nonzero(matrix)
    times, labels = matrix[actual, predicted], np.array(names, object)
    return pd.DataFrame({"predicted": np.repeat(labels[predicted], times), "actual": np.repeat(labels[actual], times)})


def file_name(name: str) -> str:
    """A name as a file may have it."""
    return re.sub(r"[^\w.-]+", "_", name)


def training_plots(fitted: Path) -> dict[str, pd.DataFrame]:
    """The curves of a fit, a file a metric; none of a fit from before they were kept."""
    if not (fitted / TRAINING).is_file():
        return {}
    curves = pd.read_csv(fitted / TRAINING)
    return {f"training/{file_name(str(name))}": part for name, part in curves.groupby("metric", sort=True)}
