"""Cohort as monitoring sees it: columns, risks, and outcomes where they are known."""

from pathlib import Path

import numpy as np
import pandas as pd

from components.core.results import Answers
from components.kits.survival.cohort import CohortParams
from components.kits.survival.preparation.entry import read_entry
from components.kits.survival.preparation.outcome import read_outcome, units_of
from components.kits.survival.units import SHORT
from components.kits.tables.observed import watch_table
from components.recipes.shared.serving import read_split
from components.recipes.survival.serving.predictor import SurvivalPredictor, open_predictor


def risks(predictor: SurvivalPredictor, risk: np.ndarray) -> pd.DataFrame:
    """Of risks (N, H) those of the first and the last horizon."""
    first, *_, last = predictor.settings.horizons
    unit = SHORT[predictor.settings.unit]
    return pd.DataFrame({f"risk by {first:g} {unit}": risk[:, 0], f"risk by {last:g} {unit}": risk[:, -1]})


def labelled(rows: pd.DataFrame, risk: np.ndarray, spec: CohortParams) -> Answers | None:
    """Years and event (N, 2) of those of whom both are known, and their risks (N, H)."""
    if not set(spec.target.columns) <= set(rows.columns):
        return None
    place = Path("the rows")
    time, event, typed = read_outcome(rows, spec.target, spec, place)
    outcome = np.column_stack([time, event])
    if spec.target.entry is not None:
        outcome = np.column_stack([outcome, read_entry(typed, spec.target, time, units_of(spec.target, spec), place)])
    known = ~np.isnan(outcome).any(axis=1)
    return Answers(outcome[known], risk[known]) if known.any() else None


WATCH = watch_table(open_predictor=open_predictor, read_split=read_split, said=risks, labelled=labelled)
