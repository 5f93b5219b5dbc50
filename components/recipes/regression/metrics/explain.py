"""Reasons of a value: what moves it from where it would be with a typical row's value, one feature at a time."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from components.core.written import written
from components.kits.tables.encoding.encode import Encoded
from components.kits.tables.encoding.replace import Replacements
from components.kits.tables.explain import Scored, strongest_changes
from components.kits.tables.learning.reasons import reason_text


@dataclass(frozen=True)
class Reason:
    """A feature, the row's value (None if missing), and by how much it raises the answer, in the target's units."""

    feature: str
    value: Any
    change: float

    @property
    def told(self) -> str:
        return f"{reason_text(self.feature, self.value)} ({written(self.change, '+')})"


def find_reasons(
    predict: Callable[[Encoded], np.ndarray], rows: Scored, typical: Replacements, *, top: int
) -> list[tuple[Reason, ...]]:
    """For each of `rows` (N), the features that move its value furthest, up or down, at most `top`, strongest first.

    `predict` maps encoded rows to values (N,), as `rows.score` are; see `strongest_changes`.
    """
    found = strongest_changes(predict, rows, typical, top=top, strength=np.abs)
    return [tuple(Reason(one.feature, one.value, one.change) for one in row) for row in found]
