"""Columns that tell how long rows were observed: in another unit, rounded or in bands, or by a count of visits."""

import numpy as np
import pandas as pd

from components.kits.tables.encoding.convert import as_floats
from components.recipes.survival.preparation.leaks.found import Leak
from components.recipes.survival.preparation.leaks.order import agreement, follows, share_known, spread

FEWEST = 20  # rows with the event: of fewer, chance orders them too often
SURE, LIKELY = 0.99, 0.8  # gamma among events; an honest predictor with a concordance of .85 has .7
CHANCE = 0.5  # over the root of the events is added to what is likely
BOTH = 0.5  # gamma among events and among censored rows: an honest predictor tells nothing of the latter
LEAST_SPREAD = 0.1
UNITS = {"years": 1.0, "months": 12.0, "weeks": 365.25 / 7, "days": 365.25, "hours": 8766.0}
# Where a month has 30 days, or a year 365 or 360.
OTHER_UNITS = {"months": (365.25 / 30,), "weeks": (52.0,), "days": (365.0, 360.0), "hours": (8760.0,)}
ALL_EQUAL, MANY_EQUAL = 0.98, 0.2  # shares of the rows whose value is the time, beyond those by chance


def tells_time(name: str, values: pd.Series, kind: str, time: np.ndarray, event: np.ndarray) -> Leak | None:
    """Whether a typed column (N,) tells times (N,) in years, of which `event` (N,) says how they ended."""
    had = event == 1
    if kind in ("numeric", "amount"):
        unit, share, chance = equal_share(as_floats(values), time)
        if share - chance >= MANY_EQUAL and share * len(time) >= FEWEST:
            return Leak((name,), share >= ALL_EQUAL, f"it is the time, in {unit}, in {share:.1%} of the rows")
    if had.sum() < FEWEST or share_known(values[had]) * had.sum() < FEWEST or spread(values[had]) < LEAST_SPREAD:
        return None
    among = follows(values[had], kind, time[had])
    if among >= likely_from(int(had.sum())):
        sure = among >= SURE and kind != "date"
        return Leak((name,), sure, f"it follows the time to the event ({_pairs(among)})")
    if kind in ("numeric", "amount", "date") and (~had).sum() >= FEWEST:
        numbers = as_floats(values)
        both = min(agreement(numbers[had], time[had]), agreement(numbers[~had], time[~had]))
        if both >= BOTH + CHANCE / np.sqrt(min(had.sum(), (~had).sum())):
            return Leak((name,), False, f"it grows with the time, of events and of censored rows ({_pairs(both)})")
    return None


def likely_from(events: int) -> float:
    """The gamma among so many events from which a column is suspected."""
    return min(SURE, LIKELY + CHANCE / float(np.sqrt(events)))


def equal_share(values: np.ndarray, time: np.ndarray) -> tuple[str, float, float]:
    """The unit in which values (N,) are most often the times (N,) in years, the share of all rows in which they are,
    and that which chance gives: where the same values stand beside other rows' times.
    """
    known = ~np.isnan(values)
    step = _resolution(values[known])
    shifted = np.random.default_rng(0).permutation(time)
    found = ("years", 0.0, 0.0)
    for unit, factor in _factors():
        share, chance = (
            float((known & (np.abs(values - factor * moments) < step * (1 + 1e-6))).mean())
            for moments in (time, shifted)
        )
        if share - chance > found[1] - found[2]:
            found = unit, share, chance
    return found


def _factors() -> list[tuple[str, float]]:
    others = [(unit, factor) for unit, factors in OTHER_UNITS.items() for factor in factors]
    return [*UNITS.items(), *others]


def _resolution(values: np.ndarray) -> float:
    """The unit of the last place that values (N,) are written with: 1 of whole numbers."""
    for digits in range(7):
        if np.allclose(values, np.round(values, digits), rtol=0, atol=1e-9):
            return float(10.0**-digits)
    return 1e-6


def _pairs(gamma: float) -> str:
    return f"{(1 + gamma) / 2:.1%} of the pairs that differ are in its order"
