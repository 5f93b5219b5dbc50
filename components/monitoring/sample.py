"""Random samples: of rows that pass by once, however many there are, and of those that are at hand."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

SEED = 0  # of `some`


@dataclass(frozen=True)
class Sample:
    """`rows` in the order in which they came, drawn from `seen`."""

    rows: pd.DataFrame
    seen: int


def draw(frames: Iterable[pd.DataFrame], size: int, *, seed: int, unit: str | None = None) -> Sample:
    """At most `size` rows, each of all rows with the same chance; with `unit`, `size` of that column's values with all
    their rows.

    Every row, or value, has a random number and the smallest are kept (bottom-k sampling, Cohen and Kelley 2007), so
    that one pass is enough and no more than twice the sample is held.
    """
    generator = np.random.default_rng(seed)
    held: list[pd.DataFrame] = []
    marks: list[np.ndarray] = []
    seen, bar = 0, np.inf
    for frame in frames:
        seen += len(frame)
        mark = generator.random(len(frame)) if unit is None else _by_value(frame[unit], seed)
        inside = mark <= bar
        held.append(frame[inside])
        marks.append(mark[inside])
        if sum(map(len, marks)) > 2 * size:
            held, marks, bar = _cut(held, marks, size)
    held, marks, _ = _cut(held, marks, size)
    return Sample(held[0].reset_index(drop=True), seen)


def _cut(
    held: list[pd.DataFrame], marks: list[np.ndarray], size: int
) -> tuple[list[pd.DataFrame], list[np.ndarray], float]:
    """What is left of it, as one part, and the largest mark that counts."""
    if not held:
        return [pd.DataFrame()], [np.zeros(0)], np.inf
    rows, mark = pd.concat(held, ignore_index=True), np.concatenate(marks)
    different = np.unique(mark)
    bar = float(different[size - 1]) if len(different) > size else np.inf
    return [rows[mark <= bar]], [mark[mark <= bar]], bar


def _by_value(values: pd.Series, seed: int) -> np.ndarray:
    """The same number (N,) in [0, 1) for the same value, wherever it stands."""
    texts = values.astype(object).map(str).to_numpy(object)
    found: np.ndarray = pd.util.hash_array(texts, hash_key=f"{seed % 10**16:016d}") / 2.0**64
    return found


def some(frame: pd.DataFrame, rows: int) -> pd.DataFrame:
    """At most `rows` of the rows, at random, the same each time."""
    return frame.sample(n=rows, random_state=SEED) if len(frame) > rows else frame
