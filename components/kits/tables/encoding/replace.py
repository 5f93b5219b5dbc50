"""Encoded rows in which one column at a time has the value of a given row: what explanations of scores are made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from components.core.errors import CasebookError
from components.kits.tables.encoding.derive import evaluate
from components.kits.tables.encoding.encode import Encoded, TableEncoder
from components.kits.tables.encoding.features import kept
from components.kits.tables.encoding.spec import Column
from components.kits.tables.encoding.values import TypedRows, Values


@dataclass(frozen=True)
class Replacements:
    """`given` is the encoded row (1) whose values are put in, those of one of the columns `names` (K) at a time."""

    encoder: TableEncoder
    names: tuple[str, ...]
    given: Encoded

    @classmethod
    def of(cls, values: Mapping[str, Any], columns: Mapping[str, Column], encoder: TableEncoder) -> "Replacements":
        """Put in `values`, as `typical_values` gives them.

        Raises:
            CasebookError: one of them is of no column.
        """
        if unknown := [name for name in values if name not in columns]:
            raise CasebookError(f"explanations: {len(unknown)} feature(s) are no column of the rows: {unknown[0]!r}")
        return cls(encoder, tuple(values), encoder.encode_rows(one_row(values, columns)))

    def apply(self, rows: Encoded) -> Encoded:
        """Rows (N) to rows (K * N): all of them with the first column's value replaced, then with the second's."""
        raw, numeric, categorical = (
            np.repeat(part[None], len(self.names), axis=0) for part in (rows.raw, rows.numeric, rows.categorical)
        )
        for turn, name in enumerate(self.names):
            self._put_numbers(name, raw[turn], numeric[turn])
            for place in self._classes[name]:
                categorical[turn, :, place] = self.given.categorical[0, place]
        return Encoded(_flat(raw), _flat(numeric), _flat(categorical), rows.unknown)

    def _put_numbers(self, name: str, raw: np.ndarray, numeric: np.ndarray) -> None:
        """Into raw (N, F) and numeric (N, F + M): the column's own numbers, and the expressions that use it."""
        for place in self._features[name]:
            feature = self.encoder.numeric[place]
            if feature.reads == "derived":
                numbers = {source: raw[:, number] for source, number in self._numbers.items()}
                raw[:, place] = kept(evaluate(feature.source, numbers))
            else:
                raw[:, place] = self.given.raw[0, place]
            numeric[:, place] = feature.scaled(raw[:, place])
            if feature.had_missing:
                numeric[:, self._indicators[place]] = np.isnan(raw[:, place])

    @cached_property
    def _features(self) -> dict[str, list[int]]:
        """The places of the numeric features that are made of each column; expressions are the last."""
        features = list(enumerate(self.encoder.numeric))
        return {name: [place for place, feature in features if name in feature.columns] for name in self.names}

    @cached_property
    def _classes(self) -> dict[str, list[int]]:
        features = list(enumerate(self.encoder.categorical_names))
        return {name: [place for place, feature in features if name == feature] for name in self.names}

    @cached_property
    def _numbers(self) -> dict[str, int]:
        """The place of each column that expressions may use."""
        features = enumerate(self.encoder.numeric)
        return {feature.source: place for place, feature in features if feature.reads == "number"}

    @cached_property
    def _indicators(self) -> dict[int, int]:
        places = [place for place, feature in enumerate(self.encoder.numeric) if feature.had_missing]
        return {place: len(self.encoder.numeric) + rank for rank, place in enumerate(places)}


def one_row(values: Mapping[str, Any], columns: Mapping[str, Column]) -> TypedRows:
    """A typed row (1) of values as JSON has them; None, and what is not there, is missing."""
    return {name: _one_value(values.get(name), column.kind) for name, column in columns.items()}


def _flat(parts: np.ndarray) -> np.ndarray:
    """`(K, N, W) -> (K * N, W)`, also where W is 0."""
    turns, rows, width = parts.shape
    return parts.reshape(turns * rows, width)


def _one_value(value: Any, kind: str) -> Values:
    if kind in ("numeric", "amount"):
        return np.array([value], dtype=np.float64)
    if kind == "date":
        return np.array([value], dtype="datetime64[us]")
    if kind == "boolean":
        return pa.array([None if value is None else bool(value)], pa.bool_())
    return pa.array([None if value is None else str(value)], pa.large_string())
