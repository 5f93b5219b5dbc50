"""Typed columns to arrays: fitted on training rows, kept as JSON, applied with numpy and pandas alone."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from components.preparation.table.convert import LARGEST, as_floats
from components.preparation.table.derive import evaluate, names_in
from components.preparation.table.scale import Scale, fit_scale
from components.preparation.table.spec import TableParams


@dataclass(frozen=True)
class Encoded:
    """N rows of F numeric features, M of which were missing somewhere in training, and C categorical ones.

    `raw` (N, F) float64 in the units of the data, NaN where missing: numbers, booleans as 0 and 1,
    dates in days since 1970, measures of texts, derived features. `numeric` (N, F + M) float32:
    the same imputed and scaled, then 1 where each of the M was missing. `categorical` (N, C) int64
    codes, 0 for a class that training did not have or had too rarely. `unknown` counts by column
    the cells of classes that training did not have.
    """

    raw: np.ndarray
    numeric: np.ndarray
    categorical: np.ndarray
    unknown: dict[str, int]

    def take(self, index: np.ndarray) -> "Encoded":
        """Some rows; `unknown` still counts all of them."""
        return Encoded(self.raw[index], self.numeric[index], self.categorical[index], self.unknown)


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


@dataclass(frozen=True)
class TableEncoder:
    """Features of one table, in the order of the arrays' columns."""

    numeric: tuple[NumericFeature, ...]
    categorical: tuple[CategoricalFeature, ...]

    @property
    def raw_names(self) -> tuple[str, ...]:
        """F names, the columns of `Encoded.raw`."""
        return tuple(feature.name for feature in self.numeric)

    @property
    def indicator_names(self) -> tuple[str, ...]:
        """M names: the numeric features whose absence has a column of its own."""
        return tuple(feature.name for feature in self.numeric if feature.had_missing)

    @property
    def numeric_names(self) -> tuple[str, ...]:
        """F + M names, the columns of `Encoded.numeric`."""
        return self.raw_names + tuple(f"{name} missing" for name in self.indicator_names)

    @property
    def categorical_names(self) -> tuple[str, ...]:
        return tuple(feature.name for feature in self.categorical)

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many codes each of the C categorical features has."""
        return tuple(feature.size for feature in self.categorical)

    def encode(self, frame: pd.DataFrame) -> Encoded:
        """Encode typed rows (N), as `convert.clean` or a prepared file gives them."""
        read = [_read(feature.reads, feature.source, frame) for feature in self.numeric]
        raw = _columns(read, len(frame), np.float64)
        absent = np.isnan(raw)
        scaled = [
            feature.scale(np.where(absent[:, place], feature.median, raw[:, place]))
            for place, feature in enumerate(self.numeric)
        ]
        indicators = [absent[:, place] for place, feature in enumerate(self.numeric) if feature.had_missing]
        coded = [feature.encode(frame[feature.name]) for feature in self.categorical]
        return Encoded(
            raw,
            _columns([*scaled, *indicators], len(frame), np.float32),
            _columns([codes for codes, _ in coded], len(frame), np.int64),
            {feature.name: count for feature, (_, count) in zip(self.categorical, coded, strict=True) if count},
        )

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> "TableEncoder":
        return cls(
            tuple(NumericFeature(**{**item, "scale": Scale.from_json(item["scale"])}) for item in state["numeric"]),
            tuple(
                CategoricalFeature(item["name"], tuple(item["classes"]), tuple(item["rare"]), item["missing"])
                for item in state["categorical"]
            ),
        )


def fit_encoder(train: pd.DataFrame, spec: TableParams) -> TableEncoder:
    """Medians, scales and classes of typed training rows, and of no others."""
    sources = [(name, READS[column.kind], name) for name, column in spec.columns.items()]
    numeric = [
        _fit_numeric(name + suffix, reads, source, train, spec)
        for name, measures, source in sources
        for suffix, reads in measures.items()
    ]
    derived = [_fit_numeric(name, "derived", source, train, spec) for name, source in spec.derived.items()]
    categorical = [
        _fit_categorical(name, train[name], spec.encode.min_count)
        for name, column in spec.columns.items()
        if column.kind == "categorical"
    ]
    return TableEncoder((*numeric, *derived), tuple(categorical))


def _fit_numeric(name: str, reads: str, source: str, train: pd.DataFrame, spec: TableParams) -> NumericFeature:
    values = _read(reads, source, train)
    present = values[~np.isnan(values)]
    if not len(present):
        present = np.zeros(1)  # a column without values: a constant, and its indicator
    median = float(np.median(present))
    return NumericFeature(name, reads, source, median, bool(np.isnan(values).any()), fit_scale(present, spec.encode))


def _fit_categorical(name: str, values: pd.Series, min_count: int) -> CategoricalFeature:
    counts = {str(value): int(count) for value, count in values.value_counts().items()}
    # By count, then by name: `value_counts` leaves ties in the order of the rows.
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return CategoricalFeature(
        name,
        tuple(value for value, count in ordered if count >= min_count),
        tuple(value for value, count in ordered if count < min_count),
        bool(values.isna().sum() >= min_count),
    )


def _columns(columns: list[np.ndarray], rows: int, dtype: type) -> np.ndarray:
    return np.column_stack(columns).astype(dtype) if columns else np.empty((rows, 0), dtype=dtype)


def _read(reads: str, source: str, frame: pd.DataFrame) -> np.ndarray:
    values = READERS[reads](source, frame)
    return np.where(np.abs(values) <= LARGEST, values, np.nan)


def _derived(expression: str, frame: pd.DataFrame) -> np.ndarray:
    return evaluate(expression, {name: frame[name].to_numpy(np.float64) for name in names_in(expression)})


def _of_text(pattern: str | None) -> Callable[[str, pd.DataFrame], np.ndarray]:
    """The count of matches of a pattern, or of characters."""

    def read(source: str, frame: pd.DataFrame) -> np.ndarray:
        text = pa.array(frame[source].astype("str"), pa.large_string(), from_pandas=True)
        count = pc.utf8_length(text) if pattern is None else pc.count_substring_regex(text, pattern)
        return pc.cast(count, pa.float64()).to_numpy(zero_copy_only=False)

    return read


def _digit_share(source: str, frame: pd.DataFrame) -> np.ndarray:
    return READERS["digits"](source, frame) / READERS["length"](source, frame)  # a text is never empty


READERS: dict[str, Callable[[str, pd.DataFrame], np.ndarray]] = {
    "number": lambda source, frame: as_floats(frame[source]),
    "derived": _derived,
    "length": _of_text(None),
    "words": _of_text(r"\S+"),
    "digits": _of_text(r"\pN"),
    "digit_share": _digit_share,
}
NUMBER = {"": "number"}
READS: dict[str, dict[str, str]] = {
    "numeric": NUMBER,
    "amount": NUMBER,
    "boolean": NUMBER,
    "date": NUMBER,
    "text": {" length": "length", " words": "words", " digits": "digit_share"},
    "categorical": {},
}
