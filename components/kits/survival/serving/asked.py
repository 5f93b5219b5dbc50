"""A predictor of a cohort, as it is asked: with whole curves or without, and with what made an answer so."""

from abc import ABC
from collections.abc import Callable, Mapping
from copy import copy
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Self

import numpy as np
from pydantic import Field

from components.core.blocks import Block
from components.core.bundle import Bundle
from components.kits.survival.metrics.contributions import Contribution, contributions
from components.kits.survival.units import Unit
from components.kits.tables.asked import PARAMS as OF_TABLES
from components.kits.tables.asked import AskedTable
from components.kits.tables.encoding.cells import RawRows
from components.kits.tables.encoding.encode import Encoded
from components.kits.tables.encoding.replace import Replacements
from components.kits.tables.encoding.values import TypedRows
from components.kits.tables.explain import Scored

if TYPE_CHECKING:
    import pandas as pd

CURVE = "curve"
PARAMS: Mapping[str, Any] = {**OF_TABLES, CURVE: False}  # what a request may ask for beside its rows
Numbers = Annotated[tuple[float, ...], Field(strict=False, min_length=1)]


class CohortSettings(Block):
    """What the `settings` of every cohort's bundle have. Times are in its `unit`, years where none is stated.

    `times` is the grid of the members' curves, `edges` where the network's intervals end, `horizons` what is answered.
    `typical` is a typical training patient, against whom contributions are told; `decisions` the words for a risk by
    the last horizon at or above the threshold and below it.
    """

    times: Numbers
    edges: Numbers
    horizons: Numbers
    threshold: float
    decisions: Annotated[tuple[str, str], Field(strict=False)]
    typical: dict[str, Any]
    reasons: int
    unit: Annotated[Unit, Field(exclude_if="years".__eq__)] = "years"


class AskedCohort(AskedTable, ABC):
    """Whole curves are answered where `curve` asks for them: of a call, or of the predictor in all of them."""

    settings: CohortSettings

    def __init__(self, bundle: Bundle, *, curve: bool = False) -> None:
        super().__init__(bundle)
        self.curve = curve

    def predict(self, rows: "pd.DataFrame", *, accept_strange: bool = False, curve: bool = False) -> "pd.DataFrame":
        """As of any table, with whole curves if asked for."""
        if curve and not self.curve:
            return self._with_curve().predict(rows, accept_strange=accept_strange)
        return super().predict(rows, accept_strange=accept_strange)

    def answers_to(self, rows: RawRows, *, accept_strange: bool = False, curve: bool = False) -> dict[str, Any]:
        """As of any table, with whole curves if asked for."""
        if curve and not self.curve:
            return self._with_curve().answers_to(rows, accept_strange=accept_strange)
        return super().answers_to(rows, accept_strange=accept_strange)

    @cached_property
    def typical(self) -> Replacements:
        """What a typical patient would have in a patient's place."""
        return Replacements.of(self.settings.typical, self.reader.columns, self.encoder)

    def explained(
        self, hazard: Callable[[Encoded], np.ndarray], typed: TypedRows, encoded: Encoded, now: np.ndarray
    ) -> list[tuple[Contribution, ...]]:
        """For each row (N) what changes most what `hazard` says of it: `now` (N,)."""
        return contributions(hazard, Scored(typed, encoded, now), self.typical, top=self.settings.reasons)

    def _with_curve(self) -> Self:
        """The same that answers whole curves; another thread may ask for none."""
        found = copy(self)
        found.curve = True
        return found


def told(one: Contribution) -> str:
    value = f"{one.value:g}" if isinstance(one.value, float) else one.value
    shown = f"{one.feature} is missing" if one.value is None else f"{one.feature} = {value}"
    return f"{shown} (x {one.factor:.2f})"
