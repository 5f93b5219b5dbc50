"""Two columns whose difference or sum is the time: dates of the start and the end, ages at both."""

from collections.abc import Iterator, Mapping
from itertools import combinations

import numpy as np
import pandas as pd

from components.kits.survival.preparation.leaks.clock import ALL_EQUAL, CHANCE, FEWEST, SURE, equal_share
from components.kits.survival.preparation.leaks.found import Leak
from components.kits.survival.preparation.leaks.order import agreement
from components.kits.tables.encoding.convert import as_floats
from components.kits.tables.encoding.spec import Column

NUMBERS = ("numeric", "amount")
STRAIGHT = 0.9  # correlation with the time, of what is looked at closely: a time in whole years has .95 and more
LIKELY = 0.95  # gamma among events
EQUAL = 0.5  # of the events have the time for a result, beyond those by chance


def tells_together(
    train: pd.DataFrame, columns: Mapping[str, Column], time: np.ndarray, event: np.ndarray
) -> Iterator[Leak]:
    """Pairs of the columns of typed rows (N,) that give times (N,) in years; events (N,) alone are looked at, for who
    is followed to one day is censored at that day less the day of entry.
    """
    had = np.flatnonzero(event == 1)
    for kinds in (NUMBERS, ("date",)):
        names = [name for name, column in columns.items() if column.kind in kinds]
        if len(had) < FEWEST or len(names) < 2:
            continue
        table = pd.DataFrame({name: as_floats(train[name])[had] for name in names})
        for first, second, sign in _straight(table, time[had]):
            if leak := _tells(table, first, second, sign, time[had]):
                yield leak


def _straight(table: pd.DataFrame, time: np.ndarray) -> list[tuple[str, str, int]]:
    """Pairs whose difference (-1: the first less the second) or sum rises with the time, from their covariances."""
    centred = table.to_numpy() - table.mean().to_numpy()
    covariance = pd.DataFrame(np.column_stack([centred, time])).cov(min_periods=FEWEST).to_numpy()
    names, found = list(table.columns), []
    for first, second in combinations(range(len(names)), 2):
        for sign, straight in ((1, 1), (-1, 1), (-1, -1)):
            spread = covariance[first, first] + covariance[second, second] + 2 * sign * covariance[first, second]
            with_time = straight * (covariance[first, -1] + sign * covariance[second, -1])
            if spread > 0 and with_time >= STRAIGHT * np.sqrt(spread * covariance[-1, -1]):
                one, other = (first, second) if straight == 1 else (second, first)
                found.append((names[one], names[other], sign))
    return found


def _tells(table: pd.DataFrame, first: str, second: str, sign: int, time: np.ndarray) -> Leak | None:
    """`first + sign * second` against times (N,) of events."""
    values = (table[first] + sign * table[second]).to_numpy()
    alone = max(abs(agreement(table[name].to_numpy(), time)) for name in (first, second))
    unit, share, chance = equal_share(values, time)
    among = agreement(values, time)
    known = float((~np.isnan(values)).mean())
    if among <= alone or known * len(time) < FEWEST:
        return None
    equal = share - chance >= EQUAL * known
    if not equal and among < LIKELY + CHANCE / np.sqrt(len(time)) / 4:
        return None
    sure = among >= SURE or (equal and share >= ALL_EQUAL * known)
    what = f"{first} {'and' if sign == 1 else 'less'} {second}"
    why = f"{what} is the time to the event" + (f", in {unit}, in {share:.1%} of those" if equal else "")
    return Leak((first, second), sure, why, later=(first,) if sign == -1 else ())
