"""Features, a column each: how a number is read from it, or a code given to its classes."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.kits.tables.encoding.derive import evaluate, names_in
from components.kits.tables.encoding.scale import Scale
from components.kits.tables.encoding.values import LARGEST, TypedRows, Values, floats


@dataclass(frozen=True)
class NumericFeature:
    """`reads` says how `source`, a column or an expression, becomes a number; `median` stands in for missing ones."""

    name: str
    reads: str
    source: str
    median: float
    had_missing: bool
    scale: Scale

    @property
    def columns(self) -> set[str]:
        """The columns that it is made of."""
        return names_in(self.source) if self.reads == "derived" else {self.source}

    def scaled(self, values: np.ndarray) -> np.ndarray:
        """Raw values (N,), NaN where missing, to what a network takes."""
        return self.scale(np.where(np.isnan(values), self.median, values))


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
    def _known(self) -> pc.SetLookupOptions:
        return pc.SetLookupOptions(pa.array([*self.classes, *self.rare], pa.large_string()))

    def encode(self, text: pa.Array) -> tuple[np.ndarray, int]:
        """Codes int64 (N,) of a column of texts, and how many cells hold a class that training did not have."""
        place = pc.index_in(text, options=self._known)
        codes = pc.fill_null(place, -1).to_numpy(zero_copy_only=False).astype(np.int64) + 1
        valid = text.is_valid().to_numpy(zero_copy_only=False)
        unknown = int((valid & (codes == 0)).sum())
        codes[codes > len(self.classes)] = 0
        if self.missing:
            codes[~valid] = len(self.classes) + 1
        return codes, unknown

    def unseen(self, text: pa.Array) -> np.ndarray:
        """Which cells (N,) hold a class that training did not have."""
        new = pc.and_(text.is_valid(), pc.invert(pc.index_in(text, options=self._known).is_valid()))
        found: np.ndarray = new.to_numpy(zero_copy_only=False)
        return found


def read_features(features: list[tuple[str, str]], rows: TypedRows) -> list[np.ndarray]:
    """For each (how to read, what) float64 (N,); expressions come after the columns that they use."""
    numbers: dict[str, np.ndarray] = {}
    columns = []
    for reads, source in features:
        values = evaluate(source, numbers) if reads == "derived" else READERS[reads](rows[source])
        columns.append(kept(values))
        if reads == "number":
            numbers[source] = columns[-1]
    return columns


def kept(values: np.ndarray) -> np.ndarray:
    """Values (N,), NaN for those that are too large to compute with."""
    return np.where(np.abs(values) <= LARGEST, values, np.nan)


def _count(pattern: str) -> Callable[[Values], np.ndarray]:
    """How often a pattern matches in each text (N,); NaN where there is none."""
    return lambda texts: floats(pc.count_substring_regex(texts, pattern))


LENGTH, WORDS, DIGITS = _count(r"(?s)."), _count(r"\S+"), _count(r"\pN")

READERS: dict[str, Callable[[Values], np.ndarray]] = {
    "number": floats,
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
