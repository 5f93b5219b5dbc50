"""Columns that tell how long rows were observed: in another unit, rounded or in bands, or by a count of visits."""

import numpy as np
import pandas as pd

from components.kits.survival.preparation.leaks.found import Leak
from components.kits.survival.preparation.leaks.order import agreement, follows, share_known, spread
from components.kits.tables.encoding.convert import as_floats

FEWEST = 20  # rows with the event: of fewer, chance orders them too often
SURE, LIKELY = 0.99, 0.8  # gamma among events; an honest predictor with a concordance of .85 has .7
CHANCE = 0.5  # over the root of the events is added to what is likely
# Gamma among events and among censored rows, of which an honest predictor tells nothing. Who enters late is followed
# for a shorter time, not a longer one.
BOTH = {"numeric": 0.5, "amount": 0.5, "date": 0.3}
LEAST_SPREAD = 0.1
UNITS = {"years": 1.0, "months": 12.0, "weeks": 365.25 / 7, "days": 365.25, "hours": 8766.0}
# Where a month has 30 days, or a year 365 or 360.
OTHER_UNITS = {"months": (365.25 / 30,), "weeks": (52.0,), "days": (365.0, 360.0), "hours": (8760.0,)}
SHUFFLED = 5  # orders of the times
ALL_EQUAL, MANY_EQUAL = 0.98, 0.2  # shares of the rows whose value is the time, beyond those by chance


def tells_time(name: str, values: pd.Series, kind: str, time: np.ndarray, event: np.ndarray) -> Leak | None:
    """Whether a typed column (N,) tells times (N,) in years, of which `event` (N,) says how they ended."""
    found = [_is_time(name, values, kind, time), _follows(name, values, kind, time, event)]
    found.append(_grows(name, values, kind, time, event) if found == [None, None] else None)
    return min((leak for leak in found if leak is not None), key=lambda leak: not leak.sure, default=None)


def _is_time(name: str, values: pd.Series, kind: str, time: np.ndarray) -> Leak | None:
    if kind not in ("numeric", "amount"):
        return None
    unit, share, chance = equal_share(as_floats(values), time)
    by_chance = 3 * np.sqrt(2 * chance * (1 - chance) / len(time))
    if share - chance < MANY_EQUAL + by_chance or share * len(time) < FEWEST:
        return None
    return Leak((name,), share >= ALL_EQUAL, f"it is the time, in {unit}, in {share:.1%} of the rows")


def _follows(name: str, values: pd.Series, kind: str, time: np.ndarray, event: np.ndarray) -> Leak | None:
    """Among rows with the event: how long the others would have lived nobody knows."""
    had = event == 1
    own, events = values[had], int(had.sum())
    if share_known(own) * events < FEWEST or spread(own) < LEAST_SPREAD:
        return None
    among = follows(own, kind, time[had])
    if among < likely_from(events):
        return None
    return Leak((name,), among >= SURE and kind != "date", f"it follows the time to the event ({_pairs(among)})")


def _grows(name: str, values: pd.Series, kind: str, time: np.ndarray, event: np.ndarray) -> Leak | None:
    """With the time of censored rows, too: a count of visits, or the day on which a row was last seen."""
    had, fewest = event == 1, int(min(event.sum(), len(event) - event.sum()))
    if kind not in BOTH or fewest < FEWEST:
        return None
    numbers = as_floats(values)
    both = min(agreement(numbers[had], time[had]), agreement(numbers[~had], time[~had]))
    if both >= BOTH[kind] + CHANCE / np.sqrt(fewest):
        return Leak((name,), False, f"it grows with the time, of events and of censored rows ({_pairs(both)})")
    return None


def likely_from(events: int) -> float:
    """The gamma among so many events from which a column is suspected."""
    return min(SURE, LIKELY + CHANCE / float(np.sqrt(events)))


def equal_share(values: np.ndarray, time: np.ndarray) -> tuple[str, float, float]:
    """The unit in which values (N,) are most often the times (N,) in years, the share of all rows in which they are,
    and that which chance gives: where the same values stand beside other rows' times.
    """
    step = _resolution(values[~np.isnan(values)]) * (1 + 1e-6)
    random = np.random.default_rng(0)
    shuffled = [random.permutation(time) for _ in range(SHUFFLED)]
    found = ("years", 0.0, 0.0)
    for unit, factor in _factors():
        share = _within(values, factor * time, step)
        if share > found[1] - found[2]:  # what chance gives is asked of those that may be more
            chance = float(np.mean([_within(values, factor * moments, step) for moments in shuffled]))
            found = max(found, (unit, share, chance), key=lambda one: one[1] - one[2])
    return found


def _within(values: np.ndarray, moments: np.ndarray, step: float) -> float:
    """The share of rows; that of a missing value is none."""
    return float((np.abs(values - moments) < step).mean())


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
