"""Typed columns to arrays: fitted on training rows, kept as JSON, applied with numpy and Arrow alone."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from components.kits.tables.encoding.features import READS, CategoricalFeature, NumericFeature, read_features
from components.kits.tables.encoding.scale import Scale, fit_scale
from components.kits.tables.encoding.spec import FeatureParams
from components.kits.tables.encoding.values import TypedRows

if TYPE_CHECKING:
    import pandas as pd


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

    def encode(self, frame: "pd.DataFrame") -> Encoded:
        """Encode typed rows (N), as `convert.clean` or a prepared file gives them."""
        return self.encode_rows(_typed_rows(frame, self._sources))

    def encode_rows(self, rows: TypedRows) -> Encoded:
        """Encode typed rows (N), as `RowReader.read` gives them."""
        count = len(next(iter(rows.values())))
        read = read_features([(feature.reads, feature.source) for feature in self.numeric], rows)
        scaled = [feature.scaled(values) for feature, values in zip(self.numeric, read, strict=True)]
        indicators = [
            np.isnan(values) for feature, values in zip(self.numeric, read, strict=True) if feature.had_missing
        ]
        coded = [feature.encode(rows[feature.name]) for feature in self.categorical]
        return Encoded(
            _columns(read, count, np.float64),
            _columns([*scaled, *indicators], count, np.float32),
            _columns([codes for codes, _ in coded], count, np.int64),
            {feature.name: new for feature, (_, new) in zip(self.categorical, coded, strict=True) if new},
        )

    @property
    def _sources(self) -> list[str]:
        numbers = [feature.source for feature in self.numeric if feature.reads != "derived"]
        return list(dict.fromkeys([*numbers, *self.categorical_names]))

    def to_json(self) -> dict[str, Any]:
        """The state as JSON reads it back, with lists for tuples."""
        state: dict[str, Any] = json.loads(json.dumps(asdict(self), allow_nan=False))
        return state

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> "TableEncoder":
        return cls(
            tuple(NumericFeature(**{**item, "scale": Scale.from_json(item["scale"])}) for item in state["numeric"]),
            tuple(
                CategoricalFeature(item["name"], tuple(item["classes"]), tuple(item["rare"]), item["missing"])
                for item in state["categorical"]
            ),
        )


def fit_encoder(train: "pd.DataFrame", spec: FeatureParams) -> TableEncoder:
    """Medians, scales and classes of typed training rows, and of no others."""
    named = [
        (name + suffix, reads, name)
        for name, column in spec.columns.items()
        for suffix, reads in READS[column.kind].items()
    ]
    named += [(name, "derived", expression) for name, expression in spec.derived.items()]
    rows = _typed_rows(train, spec.columns)
    values = read_features([(reads, source) for _, reads, source in named], rows)
    numeric = [_fit_numeric(*what, column, spec) for what, column in zip(named, values, strict=True)]
    categorical = [
        _fit_categorical(name, train[name], spec.encode.min_count)
        for name, column in spec.columns.items()
        if column.kind in ("categorical", "band")
    ]
    return TableEncoder(tuple(numeric), tuple(categorical))


def _fit_numeric(name: str, reads: str, source: str, values: np.ndarray, spec: FeatureParams) -> NumericFeature:
    present = values[~np.isnan(values)]
    if not len(present):
        present = np.zeros(1)  # a column without values: a constant, and its indicator
    median = float(np.median(present))
    return NumericFeature(name, reads, source, median, bool(np.isnan(values).any()), fit_scale(present, spec.encode))


def _fit_categorical(name: str, values: "pd.Series", min_count: int) -> CategoricalFeature:
    counts = {str(value): int(count) for value, count in values.value_counts().items()}
    # By count, then by name: `value_counts` leaves ties in the order of the rows.
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return CategoricalFeature(
        name,
        tuple(value for value, count in ordered if count >= min_count),
        tuple(value for value, count in ordered if count < min_count),
        bool(values.isna().sum() >= min_count),
    )


def _typed_rows(frame: "pd.DataFrame", names: Iterable[str]) -> TypedRows:
    from components.kits.tables.encoding.convert import typed_rows  # with pandas, which only frames need

    return typed_rows(frame, names)


def _columns(columns: list[np.ndarray], rows: int, dtype: type) -> np.ndarray:
    return np.column_stack(columns).astype(dtype) if columns else np.empty((rows, 0), dtype=dtype)
