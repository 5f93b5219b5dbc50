"""A column of unknown make: what was seen in it, and what it is guessed to be."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

MANY_NUMBERS = 20  # a column of more numbers than this is of numbers, even if a few words stand in it
MOST_WORDS = 20  # different words that may stand for "no value" in a column of numbers or dates
WORDS_SHARE = 0.2  # cells they may take
BROKEN_SHARE = 0.01  # cells that may be neither a value nor a word, whose rows will be rejected


@dataclass(frozen=True)
class Guess:
    """`column` for `prepare.columns`, or None with the reason to leave it out.

    `words` stand for no value there, `broken` is the share of cells that do not fit, `entity` says
    that its values name what several rows belong to, `key` that they name each row. `sentinels` are numbers that
    stand for no value, `marked` cells as laboratories write them.
    """

    column: dict[str, Any] | None
    reason: str = ""
    words: tuple[str, ...] = ()
    broken: float = 0.0
    key: bool = False
    entity: bool = False
    sentinels: tuple[str, ...] = ()
    marked: tuple[str, ...] = ()


@dataclass(frozen=True)
class Seen:
    """The distinct values of a column, as text in order of appearance, and how often each occurs."""

    name: str
    texts: pa.Array
    counts: np.ndarray
    cells: pa.Array

    @property
    def filled(self) -> int:
        return int(self.counts.sum())

    @property
    def names_each_row(self) -> bool:
        return len(self.texts) == self.filled == len(self.cells)


def accept(
    seen: Seen, broken: np.ndarray, column: dict[str, Any], at_least: int, no_value: Callable[[str], bool]
) -> Guess | None:
    """The column if what does not fit is next to nothing, or a few texts that `no_value` lets stand for that."""
    if not broken.any():
        return Guess(column)
    texts = [seen.texts[int(place)].as_py() for place in np.flatnonzero(broken)[: 10 * MOST_WORDS]]
    words = [text for text in texts if no_value(text)]
    told = np.array([text in words for text in seen.texts.to_pylist()])
    words_share, broken_share = (seen.counts[which].sum() / seen.filled for which in (told, broken & ~told))
    if (~broken).sum() <= at_least or len(words) > MOST_WORDS or words_share > WORDS_SHARE:
        return None
    return Guess(column, words=tuple(words), broken=float(broken_share)) if broken_share <= BROKEN_SHARE else None


def is_word(text: str) -> bool:
    """`unknown`, and the open ends `<5` and `80+`, but not a number in another writing."""
    return text[0] in "<>≤≥~" or text[-1] == "+" or not any(character.isdigit() for character in text)
