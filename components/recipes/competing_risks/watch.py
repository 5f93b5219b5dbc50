"""Cohort as monitoring sees it: columns, risks of each cause, and outcomes where they are known."""

import numpy as np
import pandas as pd

from components.kits.survival.units import SHORT
from components.kits.tables.observed import watch_table
from components.recipes.competing_risks.preparation.outcome import read_causes
from components.recipes.competing_risks.serving.predictor import CausesPredictor, open_predictor
from components.recipes.shared.cohort_answers import known_answers
from components.recipes.shared.serving import read_split


def risks(predictor: CausesPredictor, risk: np.ndarray) -> pd.DataFrame:
    """Of risks (N, K * H) those of each cause by the last horizon."""
    settings = predictor.settings
    last = risk.reshape(len(risk), len(settings.causes), -1)[:, :, -1]
    by = f"by {settings.horizons[-1]:g} {SHORT[settings.unit]}"
    return pd.DataFrame({f"risk of {cause} {by}": last[:, place] for place, cause in enumerate(settings.causes)})


WATCH = watch_table(
    open_predictor=open_predictor, read_split=read_split, said=risks, labelled=known_answers(read_causes)
)
