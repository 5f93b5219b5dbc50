"""What `--smoke` is made on: few rows, drawn before anything large is built of them. No more is promised of them than
that the same rows are drawn each time.
"""

import random
from collections.abc import Sequence
from typing import TypeVar

SEED = 0
Drawn = TypeVar("Drawn")


def some_of(rows: Sequence[Drawn], most: int) -> list[Drawn]:
    """At most so many of the rows, in their order."""
    places = places_of(len(rows), most)
    return [rows[place] for place in places]


def places_of(count: int, most: int) -> list[int]:
    """At most so many of the numbers below `count`, ascending."""
    return sorted(random.Random(SEED).sample(range(count), most)) if count > most else list(range(count))  # noqa: S311
