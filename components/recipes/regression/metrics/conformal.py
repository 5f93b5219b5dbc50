"""Intervals with a stated coverage, whatever the model: conformal prediction on rows that it has not learned from.

A `Band` is where a row's interval begins before it is widened, and in which unit it is. How many units reach down and
up is found so that of new rows like those (N) each end is passed by no more than half of what may lie outside
(Vovk et al., Algorithmic Learning in a Random World, 2005; asymmetrically as Romano et al., 2019, arXiv:1905.03222).

- `alike`: from the value, in units of what errors are in proportion to by the loss: the same for all where that is
  squared, in proportion to the value for amounts.
- `scaled`: from the value, in units of how far apart the quantiles of a model of them are (normalised residuals:
  Lei et al., 2018, doi:10.1080/01621459.2017.1307116).
- `quantiles`: from those quantiles (conformalised quantile regression, Romano et al., 2019).
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from components.recipes.regression.metrics.metrics import pinball_losses

log = logging.getLogger(__name__)

Parts = Sequence[tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Band:
    """Of N rows where their intervals begin, and their `unit`, above 0: three (N,)."""

    low: np.ndarray
    high: np.ndarray
    unit: np.ndarray

    def take(self, index: np.ndarray) -> "Band":
        return Band(self.low[index], self.high[index], self.unit[index])


def make_band(
    method: str, value: np.ndarray, deviation: np.ndarray, quantiles: tuple[np.ndarray, np.ndarray] | None, least: float
) -> Band:
    """Of values (N,), what their errors are in proportion to, and two quantiles, where the method asks for them.

    `least` is the smallest distance of the quantiles that is believed.
    """
    if method == "alike" or quantiles is None:
        return Band(value, value, deviation)
    low, high = np.minimum(*quantiles), np.maximum(*quantiles)
    if method == "scaled":
        return Band(value, value, np.maximum(high - low, least))
    return Band(low, high, deviation)


@dataclass(frozen=True)
class Margins:
    """How many units an interval reaches below its band, and above it; negative ones make it narrower."""

    down: float
    up: float

    @classmethod
    def fit(cls, target: np.ndarray, band: Band, coverage: float) -> Self:
        """By targets (N,) of rows that the model has not learned from.

        Where there are too few rows for both ends apart, both are as far as the farther one needs; where there are too
        few even for that, the interval is as wide as the farthest of the rows, and that is told.
        """
        below, above = (band.low - target) / band.unit, (target - band.high) / band.unit
        outside = (1 - coverage) / 2
        if (down := _reached(below, outside)) is not None and (up := _reached(above, outside)) is not None:
            return cls(down, up)
        both = _reached(farther := np.maximum(below, above), 1 - coverage)
        if both is None:
            log.warning(
                "intervals: %d row(s) are too few for a coverage of %g; the ends are those of the farthest of them",
                len(target), coverage,
            )  # fmt: skip
            both = float(farther.max())
        return cls(both, both)

    def ends(self, value: np.ndarray, band: Band) -> tuple[np.ndarray, np.ndarray]:
        """The ends of the intervals (N,), with the value in them."""
        low, high = band.low - self.down * band.unit, band.high + self.up * band.unit
        return np.minimum(low, value), np.maximum(high, value)


def _reached(scores: np.ndarray, outside: float) -> float | None:
    """What a new score passes with a chance of at most `outside`; None where there are too few scores to say."""
    place = int(np.ceil((len(scores) + 1) * (1 - outside) - 1e-9))
    return None if place > len(scores) else float(np.partition(scores, place - 1)[place - 1])


@dataclass(frozen=True)
class Intervals:
    """Margins of the rows of each group that had enough of them, by its code, and of all others."""

    rest: Margins
    groups: Mapping[int, Margins]

    @classmethod
    def fit(cls, target: np.ndarray, band: Band, coverage: float, codes: np.ndarray | None, fewest: int) -> Self:
        """`codes` (N,) are those of the groups, None where all rows are one (Mondrian: Vovk et al., 2005)."""
        groups = {}
        if codes is not None:
            for code, rows in zip(*np.unique(codes, return_counts=True), strict=True):
                if rows >= fewest:
                    inside = np.flatnonzero(codes == code)
                    groups[int(code)] = Margins.fit(target[inside], band.take(inside), coverage)
        return cls(Margins.fit(target, band, coverage), groups)

    def ends(self, value: np.ndarray, band: Band, codes: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """The ends of the intervals of N rows: two (N,)."""
        low, high = self.rest.ends(value, band)
        for code, margins in self.groups.items() if codes is not None else ():
            inside = np.flatnonzero(codes == code)
            low[inside], high[inside] = margins.ends(value[inside], band.take(inside))
        return low, high

    def to_json(self) -> dict[str, Any]:
        groups = {str(code): [one.down, one.up] for code, one in self.groups.items()}
        return {"rest": [self.rest.down, self.rest.up], "groups": groups}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        groups = {int(code): Margins(*pair) for code, pair in content["groups"].items()}
        return cls(Margins(*content["rest"]), groups)


def interval_losses(target: np.ndarray, low: np.ndarray, high: np.ndarray, coverage: float) -> np.ndarray:
    """The pinball losses (N,) of both ends, by which methods are compared."""
    tail = (1 - coverage) / 2
    return pinball_losses(target, low, tail) + pinball_losses(target, high, 1 - tail)


def left_out_ends(
    target: np.ndarray,
    value: np.ndarray,
    band: Band,
    coverage: float,
    parts: Parts,
    codes: np.ndarray | None,
    fewest: int,
) -> tuple[np.ndarray, np.ndarray]:
    """The ends (N,) of each row's interval, with margins of the other parts' rows."""
    low, high = np.empty(len(target)), np.empty(len(target))
    for fitting, rest in parts:
        own = None if codes is None else codes[fitting]
        found = Intervals.fit(target[fitting], band.take(fitting), coverage, own, fewest)
        asked = None if codes is None else codes[rest]
        low[rest], high[rest] = found.ends(value[rest], band.take(rest), asked)
    return low, high
