"""A bundle's answers. Never imports torch, so that a server starts without it."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from components.core.bundle import read_bundle
from components.core.parts import Metric
from components.core.results import Answers
from components.recipes.shared.rows import TARGET, numbers_of, read_split
from components.recipes.shared.serving import first_rows, rows_in_turn
from components.recipes.shared.template.params import NumberJob


class NumberPredictor:
    def __init__(self, folder: Path, threads: int) -> None:
        self.bundle = read_bundle(folder, threads=threads)
        self.data, self.ridge = self.bundle.json("rows"), self.bundle.json("ridge")

    def predict(self, rows: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame({"score": self.score(rows)})

    def score(self, rows: pd.DataFrame) -> np.ndarray:
        """Rows (N) to scores (N,), NaN where a cell is no number."""
        feed = {"numbers": self.features(rows).to_numpy("float32")}
        score: np.ndarray = self.bundle.session("learner").run(["score"], feed)[0][:, 0]
        return score.astype(np.float64)

    def baseline(self, rows: pd.DataFrame) -> np.ndarray:
        return self.features(rows).to_numpy() @ np.array(self.ridge["weights"]) + float(self.ridge["intercept"])

    def features(self, rows: pd.DataFrame) -> pd.DataFrame:
        return numbers_of(rows, self.data["columns"], "the rows")


def open_predictor(bundle: Path, *, threads: int = 1) -> NumberPredictor:
    return NumberPredictor(bundle, threads)


def answers(job: NumberJob, bundle: Path, split: str) -> Answers:
    rows = read_split(job, split)
    return Answers(rows[TARGET].to_numpy(), open_predictor(bundle).score(rows))


def answer_rows(job: NumberJob, bundle: Path) -> Callable[[int], object]:
    predictor = open_predictor(bundle)
    return rows_in_turn(job, lambda rows: predictor.predict(pd.DataFrame(rows)), [TARGET])


def example(job: NumberJob) -> pd.DataFrame:
    return first_rows(job, [TARGET], 5)


def metrics(_job: NumberJob, _bundle: Path) -> Mapping[str, Metric]:
    return METRICS


def mae(target: np.ndarray, score: np.ndarray) -> float:
    return float(np.abs(target - score).mean())


def rmse(target: np.ndarray, score: np.ndarray) -> float:
    return float(np.sqrt(((target - score) ** 2).mean()))


METRICS: Mapping[str, Metric] = {"mae": mae, "rmse": rmse}
