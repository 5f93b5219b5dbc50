"""Reasons of an answered class: what sets the row apart from a typical row of the other classes, feature by feature."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from scipy.special import logit

from components.kits.tables.encoding.encode import Encoded
from components.kits.tables.encoding.replace import Replacements
from components.kits.tables.explain import Scored, strongest_changes

EDGE = 1e-12  # keeps log-odds finite


@dataclass(frozen=True)
class Reason:
    """A feature, the row's value (None if missing), and what it adds to the log-odds of the class against the rest."""

    feature: str
    value: Any
    contribution: float


def class_reasons(
    probabilities: Callable[[Encoded], np.ndarray],
    rows: Scored,
    answered: np.ndarray,
    typical_of_others: Sequence[Replacements],
    *,
    top: int,
) -> list[tuple[Reason, ...]]:
    """For each of `rows` (N) the features that most raised the probability of its `answered` class (N,), at most `top`,
    strongest first.

    A feature's contribution is the drop in the class's log-odds against all others when its value alone is replaced by
    that of a typical row of the other classes, by class in `typical_of_others`. `probabilities` maps encoded rows to
    (N, C), as `rows.score` are; see `strongest_changes`.
    """
    reasons: list[tuple[Reason, ...]] = [()] * len(answered)

    def odds(encoded: Encoded, place: int) -> np.ndarray:
        return log_odds(probabilities(encoded)[:, place])

    for place in np.unique(answered).tolist():
        of_class = np.flatnonzero(answered == place)
        some = rows.take(of_class)
        found = strongest_changes(
            partial(odds, place=place),
            replace(some, score=log_odds(some.score[:, place])),
            typical_of_others[place],
            top=top,
            strength=lambda change: change,
        )
        for row, changes in zip(of_class, found, strict=True):
            reasons[row] = tuple(Reason(one.feature, one.value, one.change) for one in changes)
    return reasons


def log_odds(probability: np.ndarray) -> np.ndarray:
    """Of a class against the rest, (N,)."""
    odds: np.ndarray = logit(np.clip(probability, EDGE, 1 - EDGE))
    return odds
