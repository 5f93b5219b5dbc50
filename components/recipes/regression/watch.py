"""Rows with a number for a target as monitoring sees them: columns, what was told, and targets where they are known."""

from pathlib import Path

import numpy as np
import pandas as pd

from components.core.results import Answers
from components.kits.tables.observed import watch_table
from components.kits.tables.outcome.number import read_number
from components.kits.tables.outcome.params import NumberParams
from components.recipes.regression.serving.predictor import NumberPredictor, open_predictor
from components.recipes.shared.serving import read_split


def labelled(rows: pd.DataFrame, score: np.ndarray, spec: NumberParams) -> Answers | None:
    """Targets (N,) of the rows whose target is known, and their scores (N, 3)."""
    if spec.target.column not in rows:
        return None
    target = read_number(rows, spec, Path("the rows")).to_numpy(np.float64)
    known = np.isfinite(target)
    return Answers(target[known], score[known]) if known.any() else None


def said(_predictor: NumberPredictor, score: np.ndarray) -> pd.DataFrame:
    """What is compared: the value, and how wide its interval is."""
    return pd.DataFrame({"value": score[:, 0], "width": score[:, 2] - score[:, 1]})


WATCH = watch_table(open_predictor=open_predictor, read_split=read_split, said=said, labelled=labelled)
