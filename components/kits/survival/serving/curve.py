"""Whole curves of survival, for who asks for them: with the span of the blend's members, and the median."""

from dataclasses import dataclass
from typing import Any

import numpy as np

HALF = float(np.log(2))  # the cumulative hazard by which half have had the event


@dataclass(frozen=True)
class Curves:
    """Of N rows the cumulative hazards (N, T) at `times` (T,), and the lowest and highest that a member says, by the
    same recalibration; None where a model stands alone.

    Members are different methods that learned from the same people: where they disagree, a curve is uncertain. It is
    no confidence interval, since what all of them lack no one shows.
    """

    times: np.ndarray
    cumulative: np.ndarray
    least: np.ndarray | None
    most: np.ndarray | None

    def columns(self) -> dict[str, Any]:
        """Lists for each row (`curve_times`, `curve_survival`, `curve_low`, `curve_high`), and the `median` time to the
        event with what it is by the span; None where half have not had it by the last time.
        """
        found: dict[str, Any] = {
            "curve_times": [self.times.tolist()] * len(self.cumulative),
            "curve_survival": np.exp(-self.cumulative).tolist(),
        }
        medians = {"median": self.cumulative}
        if self.least is not None and self.most is not None:
            found |= {"curve_low": np.exp(-self.most).tolist(), "curve_high": np.exp(-self.least).tolist()}
            medians |= {"median_low": self.most, "median_high": self.least}
        return found | {name: median_times(self.times, hazards) for name, hazards in medians.items()}


def span(members: list[np.ndarray]) -> tuple[np.ndarray | None, np.ndarray | None]:
    """The least and the most of members' cumulative hazards (N, T); of one there is no span."""
    if len(members) < 2:
        return None, None
    stacked = np.stack(members)
    return stacked.min(axis=0), stacked.max(axis=0)


def median_times(times: np.ndarray, cumulative: np.ndarray) -> np.ndarray:
    """When half have had the event (N,), by hazards (N, T) that are straight between `times` (T,); NaN: not by then."""
    grid = np.concatenate([[0.0], times])
    whole = np.concatenate([np.zeros((len(cumulative), 1)), cumulative], axis=1)
    reached = whole >= HALF
    place, row = np.maximum(reached.argmax(axis=1), 1), np.arange(len(whole))
    before, added = whole[row, place - 1], whole[row, place] - whole[row, place - 1]
    share = np.divide(HALF - before, added, out=np.zeros(len(whole)), where=added > 0)
    found: np.ndarray = grid[place - 1] + share * (grid[place] - grid[place - 1])
    return np.where(reached.any(axis=1), found, np.nan)
