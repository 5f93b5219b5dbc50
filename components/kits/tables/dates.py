"""Formats that the dates of a column are written in."""

import logging
from collections.abc import Sequence

import numpy as np
import pandas as pd

from components.kits.tables.centuries import latest_year
from components.kits.tables.encoding.years import CENTURY

log = logging.getLogger(__name__)

DAYS = (
    "%Y/%m/%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y.%m.%d", "%Y年%m月%d日",
    "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%d-%b-%Y", "%d-%b-%y", "%d/%m/%y", "%m/%d/%y", "%d.%m.%y",
    "%d-%m-%y", "%m-%d-%y",
    "%Y年%m月", "%Y/%m", "%b %Y", "%B %Y", "%b-%Y", "%b-%y",
)  # fmt: skip
TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
FORMATS = ("ISO8601", *(day + time for day in DAYS for time in TIMES))
MOST_FORMATS = 3
TRIED = 50  # values that decide which formats are worth a full look
YEARS = (1800, 2200)


def find_formats(texts: pd.Series, name: str) -> tuple[tuple[str, ...], np.ndarray]:
    """At most three formats that fit most of the distinct texts (N,), and which texts fit none.

    Where day and month could be either way round the day comes first, and a warning says so; the
    two ways are never mixed in one column.
    """
    sample = texts.iloc[np.linspace(0, len(texts) - 1, min(len(texts), TRIED)).astype(int)]
    left = texts
    chosen: tuple[str, ...] = ()
    candidates = [pattern for pattern in FORMATS if fits(sample, pattern).any()]
    while candidates and len(left) and len(chosen) < MOST_FORMATS:
        counts = {pattern: int(fits(left, pattern).sum()) for pattern in candidates}
        best = max(candidates, key=lambda pattern: counts[pattern])
        if counts[best] == 0:
            break
        other = swapped(best)
        if other != best and counts.get(other) == counts[best]:
            log.warning(
                "column %s: dates such as %r could be day or month first; %s is taken; --dates %s=%s says otherwise",
                name, left.iloc[0], best, name, other,
            )  # fmt: skip
        chosen = (*chosen, best)
        candidates = [pattern for pattern in candidates if pattern not in (best, other)]
        left = left[~fits(left, best)]
    return chosen, texts.index.isin(left.index)


def both_ways(texts: pd.Series, formats: Sequence[str]) -> tuple[str, str] | None:
    """Two of the distinct texts (N,) of which one can only have the day first and the other only the month."""
    for pattern in formats:
        other = swapped(pattern)
        if other == pattern:
            continue
        one, another = fits(texts, pattern), fits(texts, other)
        if (one & ~another).any() and (another & ~one).any():
            return texts[one & ~another].iloc[0], texts[another & ~one].iloc[0]
    return None


def latest_of(name: str, texts: pd.Series, formats: Sequence[str], today: int) -> int | None:
    """The last year that two digits may mean in the texts (N,); None where all years have four."""
    years: set[int] = set()
    for pattern in formats:
        found = pd.to_datetime(texts, format=pattern, errors="coerce", utc=True).dt.year.dropna()
        years |= set((found.astype(int) % CENTURY).tolist()) if "%y" in pattern else set()
    return latest_year(name, years, today) if years else None


def fits(texts: pd.Series, pattern: str) -> pd.Series:
    years = pd.to_datetime(texts, format=pattern, errors="coerce", utc=True).dt.year
    return years.between(*YEARS)


def swapped(pattern: str) -> str:
    """The pattern with day and month the other way round."""
    return pattern.replace("%d", "%_").replace("%m", "%d").replace("%_", "%m")
