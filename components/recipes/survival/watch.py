"""Cohort as monitoring sees it: columns, risks, and outcomes where they are known."""

import numpy as np
import pandas as pd

from components.kits.survival.preparation.outcome import read_outcome
from components.kits.survival.units import SHORT
from components.kits.tables.observed import watch_table
from components.recipes.shared.cohort_answers import known_answers
from components.recipes.shared.serving import read_split
from components.recipes.survival.serving.predictor import SurvivalPredictor, open_predictor


def risks(predictor: SurvivalPredictor, risk: np.ndarray) -> pd.DataFrame:
    """Of risks (N, H) those of the first and the last horizon."""
    first, *_, last = predictor.settings.horizons
    unit = SHORT[predictor.settings.unit]
    return pd.DataFrame({f"risk by {first:g} {unit}": risk[:, 0], f"risk by {last:g} {unit}": risk[:, -1]})


WATCH = watch_table(
    open_predictor=open_predictor, read_split=read_split, said=risks, labelled=known_answers(read_outcome)
)
