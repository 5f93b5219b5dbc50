"""What was answered to the people of a split: what the tables and the pictures of a report are made of."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from components.core.results import MODEL
from components.kits.survival.cohort import outcome_of
from components.recipes.competing_risks.metrics.metrics import Judge
from components.recipes.competing_risks.params.params import CausesJob
from components.recipes.competing_risks.serving.predictor import CausesPredictor
from components.recipes.shared.serving import read_split

Groups = Mapping[str, Sequence[Mapping[str, Any]]]  # rows of `groups.by_group`, by column


@dataclass(frozen=True)
class Answered:
    """A split's N rows, their outcome (N, 2), or (N, 3) with entries, and by name the risks `(N, K * H)` of the model
    and of each member; the model's `blended` before recalibration, and its incidences (N, K, T) over time.
    """

    split: str
    rows: pd.DataFrame
    target: np.ndarray
    risks: dict[str, np.ndarray]
    blended: np.ndarray
    incidence: np.ndarray


def answer(job: CausesJob, predictor: CausesPredictor, members: CausesPredictor, split: str) -> Answered:
    """By the blend of the predictor, and by each of the `members` alone."""
    rows = read_split(job, split)
    encoded, same = predictor.encoder.encode(rows), members.encoder.encode(rows)
    incidence = predictor.incidences(encoded)
    risks = {MODEL: _flat(predictor.at_horizons(incidence))}
    risks |= {name: _flat(members.at_horizons(one(same))) for name, one in members.member_incidences.items()}
    blended = _flat(predictor.at_horizons(predictor.blend(encoded)))
    return Answered(split, rows, outcome_of(rows), risks, blended, incidence)


def each_cause(judge: Judge) -> Iterator[tuple[int, str]]:
    """The causes by number, from 1, as outcomes have them."""
    return enumerate(judge.causes, 1)


def risk_of(judge: Judge, risks: np.ndarray, cause: int, horizon: float | None = None) -> np.ndarray:
    """Of risks `(N, K * H)` that of one cause (N,), by a horizon or by the last."""
    count = len(judge.horizons)
    place = count - 1 if horizon is None else list(judge.horizons).index(horizon)
    found: np.ndarray = risks[:, (cause - 1) * count + place]
    return found


def _flat(risks: np.ndarray) -> np.ndarray:
    return risks.reshape(len(risks), -1)
