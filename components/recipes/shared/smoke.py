"""What `--smoke` is made on: few rows, drawn before anything large is built of them. No more is promised of them than
that the same rows are drawn each time.
"""

import random
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

SEED = 0
ROWS = 1_000  # of a split of a table
Drawn = TypeVar("Drawn")


def some_of(rows: Sequence[Drawn], most: int) -> list[Drawn]:
    """At most so many of the rows, in their order."""
    places = places_of(len(rows), most)
    return [rows[place] for place in places]


def places_of(count: int, most: int) -> list[int]:
    """At most so many of the numbers below `count`, ascending."""
    return sorted(random.Random(SEED).sample(range(count), most)) if count > most else list(range(count))  # noqa: S311


def few_rows(splits: "Mapping[str, np.ndarray]", classes: "np.ndarray", most: int = ROWS) -> "dict[str, np.ndarray]":
    """At most so many positions of each split, ascending, of each of its classes as many as there are or an equal
    share; `classes (N,)` are those of all rows.
    """
    import numpy as np

    few = {}
    for name, rows in splits.items():
        own = [rows[classes[rows] == one] for one in np.unique(classes[rows])] if len(rows) > most else [rows]
        left, drawn = most, []
        for place, part in enumerate(sorted(own, key=len)):  # what the rarer ones do not need is the others'
            drawn.append(part[places_of(len(part), left // (len(own) - place))])
            left -= len(drawn[-1])
        few[name] = np.sort(np.concatenate([rows[:0], *drawn]))
    return few


def few_of(frame: "pd.DataFrame", classes: "np.ndarray", most: int = ROWS) -> "pd.DataFrame":
    """The same of the rows of a frame, which are numbered anew."""
    import numpy as np

    return frame.iloc[few_rows({"": np.arange(len(frame))}, classes, most)[""]].reset_index(drop=True)
