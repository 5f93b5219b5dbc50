"""Explanation of a row's score: what each feature changes, one at a time, against a typical row."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from components.kits.tables.encoding.encode import Encoded
from components.kits.tables.encoding.replace import Replacements
from components.kits.tables.encoding.values import TypedRows, one_value, take

AT_ONCE = 4096  # rows scored in one call: any request's, and no more than a network has memory for


@dataclass(frozen=True)
class Change:
    """A feature, the row's value (None if missing), and by how much it raises the score over a typical value's."""

    feature: str
    value: Any
    change: float


@dataclass(frozen=True)
class Scored:
    """Rows (N) as values, as a model takes them, and what it says of them (N,)."""

    typed: TypedRows
    encoded: Encoded
    score: np.ndarray

    def take(self, index: np.ndarray) -> "Scored":
        typed = {name: take(values, index) for name, values in self.typed.items()}
        return Scored(typed, self.encoded.take(index), self.score[index])


def strongest_changes(
    score: Callable[[Encoded], np.ndarray],
    rows: Scored,
    typical: Replacements,
    *,
    top: int,
    strength: Callable[[np.ndarray], np.ndarray],
) -> list[tuple[Change, ...]]:
    """For each of `rows` (N) at most `top` features, strongest first by the `strength` of their changes, above 0 alone.

    A feature's change is what the score loses when its value alone becomes the typical one. For a score that is
    additive in the features it is exact; interactions are counted in each feature they involve. `score` maps encoded
    rows to (N,), and is called once for all features and as many rows as `AT_ONCE` allows.
    """
    change = changes(score, rows, typical)
    strong = strength(change)
    strongest = np.argsort(-strong, axis=1, kind="stable")[:, :top]
    return [
        tuple(
            Change(name := typical.names[column], one_value(rows.typed[name], row), float(change[row, column]))
            for column in columns
            if strong[row, column] > 0
        )
        for row, columns in enumerate(strongest)
    ]


def changes(score: Callable[[Encoded], np.ndarray], rows: Scored, typical: Replacements) -> np.ndarray:
    """What the score of each row (N) loses by each of the K replacements: `(N, K)`."""
    whole, width = rows.score, len(typical.names)
    found = np.zeros((width, len(whole)))
    step = max(1, AT_ONCE // max(1, width))
    for first in range(0, len(whole), step):
        part = np.arange(first, min(first + step, len(whole)))
        encoded = rows.encoded.take(part)
        replaced = typical.apply(encoded)
        # Where nothing is another the change is 0, and there is nothing to score.
        column, row = np.nonzero(_moved(encoded, replaced, width))
        if len(row):
            found[column, part[row]] = whole[part[row]] - score(replaced.take(column * len(part) + row))
    return found.T


def _moved(rows: Encoded, replaced: Encoded, width: int) -> np.ndarray:
    """Where a replaced row (K * N) is another for the model than it was: `(K, N)`."""
    pairs = ((rows.numeric, replaced.numeric), (rows.categorical, replaced.categorical))
    moved = [(after.reshape(width, *before.shape) != before).any(axis=-1) for before, after in pairs]
    return moved[0] | moved[1]
