"""Contributions of features to a patient's risk: what sets it apart from a typical patient's, one at a time."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from components.kits.survival.metrics.rows import SMALLEST_HAZARD
from components.kits.tables.encoding.encode import Encoded
from components.kits.tables.encoding.replace import Replacements
from components.kits.tables.explain import Scored, strongest_changes


@dataclass(frozen=True)
class Contribution:
    """A feature, the patient's value (None if missing), and the factor by which it changes the cumulative hazard."""

    feature: str
    value: Any
    factor: float


def contributions(
    predict: Callable[[Encoded], np.ndarray], rows: Scored, typical: Replacements, *, top: int
) -> list[tuple[Contribution, ...]]:
    """For each of `rows` (N), the `top` features that change the cumulative hazard most, strongest first.

    A feature's factor is the hazard over what it would be if that value alone were the typical one.
    For a model that is additive in the log of the hazard this is exact, and the factors multiply to
    the patient's hazard over the typical patient's; interactions are counted in each feature they
    involve. Features that change nothing are left out.

    `predict` maps encoded rows to cumulative hazards (N,), as `rows.score` are; see `strongest_changes`.
    """
    logs = replace(rows, score=_log(rows.score))
    found = strongest_changes(lambda encoded: _log(predict(encoded)), logs, typical, top=top, strength=np.abs)
    return [tuple(Contribution(one.feature, one.value, float(np.exp(one.change))) for one in row) for row in found]


def _log(cumulative: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(cumulative, SMALLEST_HAZARD))
