"""Times that are hardly those of events: before there were any, long to come, or the nothing of a program."""

from datetime import UTC, datetime

import numpy as np

from components.recipes.next_item.encoding.times import DATETIME, DAY, SECOND

EARLIEST = int(datetime(1980, 1, 1, tzinfo=UTC).timestamp()) * SECOND
EARLIEST_DATE = int(datetime(1902, 1, 1, tzinfo=UTC).timestamp()) * SECOND  # 1899 and 1900 are no dates of programs
LATEST = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp()) * SECOND


def is_odd(moment: np.ndarray, unit: str, latest: int = LATEST) -> np.ndarray:
    """Which moments (N,) are: of counts those before 1980, of dates those before 1902 and on the first day of 1970."""
    if unit == DATETIME:
        return (moment < EARLIEST_DATE) | (moment >= latest) | ((moment >= 0) & (moment < DAY))
    return (moment < EARLIEST) | (moment >= latest)
