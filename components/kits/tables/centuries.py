"""The last year that a two-digit year of a column may mean, guessed from the years that stand in it."""

import re
from collections.abc import Iterable

from components.kits.tables.encoding.years import CENTURY

BIRTH = re.compile(r"birth|born|\bdob\b|geburt|geb_?dat|naissance|nacimiento|nascita|出生|生日", re.IGNORECASE)
WIDE = 10  # years that nothing falls into: between the newest dates and the oldest ones
RECENT = 40  # years of dates that go on
AHEAD = 10  # years that such dates may still go on, and that plans reach


def latest_year(name: str, years: Iterable[int], today: int) -> int:
    """`years` are the last two digits. Dates lie in the past, and so do births above all.

    Where no date falls into some wide part of a century, all are on one side of it, so that 26 beside 27 to 99 is
    1926 and not 2026. Only years around `today` that go a little beyond it are those of plans.
    """
    found = sorted(set(years))
    ends = [(follows - year) % CENTURY or CENTURY for year, follows in zip(found, [*found[1:], found[0]], strict=True)]
    width = max(ends)
    last = found[ends.index(width)]
    newest = today - (today - last) % CENTURY
    oldest = newest - (CENTURY - width)
    if width < WIDE:
        return today
    if BIRTH.search(name):
        return min(today, newest + width - 1)
    if newest + CENTURY - today <= AHEAD and oldest + CENTURY <= today:
        return newest + CENTURY + AHEAD
    return min(newest + width - 1, today + AHEAD if oldest > today - RECENT else today)
