"""What was answered to the clauses of a split: what the tables and the pictures of a report are made of."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from components.core.job import TEST
from components.core.results import MODEL
from components.recipes.conversion.params.params import ConversionJob, EvaluateParams
from components.recipes.conversion.serving.baselines import BASELINES
from components.recipes.conversion.serving.predictor import Conversion, ConversionPredictor, open_predictor
from components.recipes.conversion.serving.serving import texts
from components.recipes.shared.serving import read_split


@dataclass(frozen=True)
class Answered:
    """A split's N clauses: their rows, the reference (N,), each system's answer (N,), and of the test the model's best
    several.
    """

    clauses: pd.DataFrame
    target: np.ndarray
    answers: dict[str, np.ndarray]
    best: list[Conversion]


def answer(
    job: ConversionJob, predictor: ConversionPredictor, compared: Path, split: str, params: EvaluateParams
) -> Answered:
    """By the predictor, and by each part of the bundle `compared` alone."""
    clauses = read_split(job, split)
    asked = clauses["syllables"].str.split().tolist()
    # Asked for more than one answer, readings of the same text are summed, and another text may come first.
    answers = {MODEL: texts(predictor.convert_syllables(asked, n_best=1))}
    best = predictor.convert_syllables(asked, n_best=params.n_best) if split == TEST else []
    parts = predictor if compared == predictor.bundle.folder else open_predictor(compared)
    answers |= {name: np.array(parts.baseline(name, asked), object) for name in BASELINES}
    return Answered(clauses, clauses["text"].to_numpy(object), answers, best)
