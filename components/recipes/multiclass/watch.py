"""Rows of several classes as monitoring sees them: columns, answers, and classes where they are known."""

from pathlib import Path

import numpy as np
import pandas as pd

from components.core.results import Answers
from components.kits.tables.observed import watch_table
from components.kits.tables.outcome.classes import read_classes
from components.kits.tables.outcome.params import ClassesParams
from components.recipes.multiclass.serving.predictor import ClassPredictor, open_predictor
from components.recipes.shared.serving import read_split


def labelled(rows: pd.DataFrame, score: np.ndarray, spec: ClassesParams) -> Answers | None:
    """Codes (N,) of the rows whose class is known, and their probabilities (N, C)."""
    if spec.target.column not in rows:
        return None
    target = read_classes(rows, spec, Path("the rows"))
    known = target.notna().to_numpy()
    return Answers(target[known].to_numpy(np.int8), score[known]) if known.any() else None


def said(predictor: ClassPredictor, score: np.ndarray) -> pd.DataFrame:
    """The class that is answered, and the probability of each: their shares and their sizes may both drift."""
    return pd.DataFrame(predictor.told(score))


WATCH = watch_table(open_predictor=open_predictor, read_split=read_split, said=said, labelled=labelled)
