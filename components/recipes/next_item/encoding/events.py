"""Raw cells of interactions as events: the one way in which training, a file, a request and a frame are read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from components.kits.tables.encoding.cells import Cells
from components.recipes.next_item.encoding.ids import Ids, read_ids
from components.recipes.next_item.encoding.numbers import absent, numbers
from components.recipes.next_item.encoding.odd_times import is_odd
from components.recipes.next_item.encoding.times import moments

SOUND = -1
# Why a row is no event.
NO_USER, NO_ITEM, NO_TIME, BAD_TIME, INFINITE_TIME, FAR_TIME, BAD_RATING, ODD_TIME = range(8)
SET_ASIDE = "set_aside"


@dataclass(frozen=True)
class Reading:
    """How the cells of a case are read: `missing` texts mean no value, times are of `time_unit`.

    With `zero_rating` "missing" a rating of 0 is none; with `odd_times` "set_aside" rows of odd times are no events.
    """

    missing: tuple[str, ...]
    time_unit: str
    zero_rating: str | None = None
    odd_times: str | None = None

    @classmethod
    def of(cls, spec: Mapping[str, Any]) -> "Reading":
        """For the `spec` of a prepared folder or a bundle."""
        return cls(tuple(spec["missing"]), spec["time_unit"], spec.get("zero_rating"), spec.get("odd_times"))


@dataclass(frozen=True)
class Read:
    """N rows: `user` and `item`, `moment` (N,) in microseconds since 1970, `rating` (N,) float32, NaN where there is
    none, and `breach` (N,) int8: why a row is no event, else `SOUND`.
    """

    user: Ids
    item: Ids
    moment: np.ndarray
    rating: np.ndarray
    breach: np.ndarray


def read_cells(rows: Mapping[str, Cells], reading: Reading) -> Read:
    """Of cells by role: user, item, time, and rating where there is one."""
    user, item = (read_ids(rows[role], reading.missing) for role in ("user", "item"))
    moment, wrong = moments(rows["time"], reading.time_unit)
    none = absent(rows["time"], reading.missing)
    rating, unreadable = _ratings(rows, reading, len(user.texts))
    found: list[tuple[np.ndarray, int | np.ndarray]] = [
        (unreadable, BAD_RATING),
        (is_odd(moment, reading.time_unit) & (reading.odd_times == SET_ASIDE), ODD_TIME),
        (wrong > 0, wrong + NO_TIME),  # in the order in which both count
        (none, NO_TIME),
        (item.texts == "", NO_ITEM),
        (user.texts == "", NO_USER),
    ]
    breach = np.full(len(user.texts), SOUND, np.int8)
    for rows_of_it, reason in found:
        breach = np.where(rows_of_it, reason, breach).astype(np.int8)
    return Read(user, item, moment, rating, breach)


def _ratings(rows: Mapping[str, Cells], reading: Reading, count: int) -> tuple[np.ndarray, np.ndarray]:
    """In 32 bits, as they are kept; and which cells are no numbers."""
    if "rating" not in rows:
        return np.full(count, np.nan, np.float32), np.zeros(count, bool)
    none = absent(rows["rating"], reading.missing)
    with np.errstate(over="ignore"):
        rating = numbers(rows["rating"]).astype(np.float32)
    unreadable = ~none & ~np.isfinite(rating)
    if reading.zero_rating == "missing":
        none |= rating == 0
    return np.where(none, np.float32(np.nan), rating), unreadable
