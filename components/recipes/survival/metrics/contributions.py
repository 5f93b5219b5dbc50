"""Contributions of features to a patient's risk: what sets it apart from a typical patient's, one at a time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from components.kits.tables.explain import strongest_changes
from components.recipes.survival.metrics.rows import SMALLEST_HAZARD


@dataclass(frozen=True)
class Contribution:
    """A feature, the patient's value (None if missing), and the factor by which it changes the cumulative hazard."""

    feature: str
    value: Any
    factor: float


def contributions(
    predict: Callable[[pd.DataFrame], np.ndarray], rows: pd.DataFrame, typical: Mapping[str, Any], *, top: int
) -> list[tuple[Contribution, ...]]:
    """For each of `rows` (N), the `top` features that change the cumulative hazard most, strongest first.

    A feature's factor is the hazard over what it would be if that value alone were the typical one.
    For a model that is additive in the log of the hazard this is exact, and the factors multiply to
    the patient's hazard over the typical patient's; interactions are counted in each feature they
    involve. Features that change nothing are left out.

    `predict` maps such rows to cumulative hazards (N,); see `strongest_changes`.
    """
    found = strongest_changes(lambda rows: _log(predict(rows)), rows, typical, top=top, strength=np.abs)
    return [tuple(Contribution(one.feature, one.value, float(np.exp(one.change))) for one in row) for row in found]


def _log(cumulative: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(cumulative, SMALLEST_HAZARD))
