"""Features, a column each: how a number is read from it, or a code given to its classes."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from components.kits.tables.encoding.convert import LARGEST, as_floats
from components.kits.tables.encoding.derive import evaluate
from components.kits.tables.encoding.scale import Scale


@dataclass(frozen=True)
class NumericFeature:
    """`reads` says how `source`, a column or an expression, becomes a number; `median` stands in for missing ones."""

    name: str
    reads: str
    source: str
    median: float
    had_missing: bool
    scale: Scale


@dataclass(frozen=True)
class CategoricalFeature:
    """`classes` have the codes from 1 in their order; `rare` ones share code 0 with unknown ones.

    A missing value is a class of its own, with the next code, if `missing` says so, else code 0.
    """

    name: str
    classes: tuple[str, ...]
    rare: tuple[str, ...]
    missing: bool

    @property
    def size(self) -> int:
        """How many codes there are, 0 among them."""
        return 1 + len(self.classes) + self.missing

    @property
    def labels(self) -> tuple[str, ...]:
        """What each code stands for."""
        return ("(other)", *self.classes, *(("(missing)",) if self.missing else ()))

    @cached_property
    def _known(self) -> pa.Array:
        return pa.array([*self.classes, *self.rare], pa.large_string())

    def encode(self, values: pd.Series) -> tuple[np.ndarray, int]:
        """Codes int64 (N,) of a column of str, and how many cells hold a class that training did not have."""
        text = pa.array(values.astype("str"), pa.large_string(), from_pandas=True)
        place = pc.index_in(text, value_set=self._known)
        codes = pc.fill_null(place, -1).to_numpy(zero_copy_only=False).astype(np.int64) + 1
        valid = pc.is_valid(text).to_numpy(zero_copy_only=False)
        unknown = int((valid & (codes == 0)).sum())
        codes[codes > len(self.classes)] = 0
        if self.missing:
            codes[~valid] = len(self.classes) + 1
        return codes, unknown


def read_features(features: list[tuple[str, str]], frame: pd.DataFrame) -> list[np.ndarray]:
    """For each (how to read, what) float64 (N,); expressions come after the columns that they use."""
    numbers: dict[str, np.ndarray] = {}
    columns = []
    for reads, source in features:
        values = evaluate(source, numbers) if reads == "derived" else READERS[reads](frame[source])
        columns.append(np.where(np.abs(values) <= LARGEST, values, np.nan))
        if reads == "number":
            numbers[source] = columns[-1]
    return columns


def _count(pattern: str) -> Callable[[pd.Series], np.ndarray]:
    """How often a pattern matches in each text (N,); NaN where there is none."""

    def read(texts: pd.Series) -> np.ndarray:
        found = pc.count_substring_regex(pa.array(texts.astype("str"), pa.large_string(), from_pandas=True), pattern)
        return pc.cast(found, pa.float64()).to_numpy(zero_copy_only=False)

    return read


LENGTH, WORDS, DIGITS = _count(r"(?s)."), _count(r"\S+"), _count(r"\pN")

READERS: dict[str, Callable[[pd.Series], np.ndarray]] = {
    "number": as_floats,
    "length": LENGTH,
    "words": WORDS,
    "digit_share": lambda texts: DIGITS(texts) / LENGTH(texts),  # a text is never empty
}
NUMBER = {"": "number"}
READS: dict[str, dict[str, str]] = {
    "numeric": NUMBER,
    "amount": NUMBER,
    "boolean": NUMBER,
    "date": NUMBER,
    "text": {" length": "length", " words": "words", " digits": "digit_share"},
    "categorical": {},
    "band": {},
}
