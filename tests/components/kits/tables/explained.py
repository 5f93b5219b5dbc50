"""Rows of a made-up table for tests of explanations: scored by their raw numbers and the names of their classes."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from components.kits.tables.encoding.convert import typed_rows
from components.kits.tables.encoding.encode import Encoded, TableEncoder, fit_encoder
from components.kits.tables.encoding.replace import Replacements
from components.kits.tables.explain import Scored
from tests.components.kits.tables.tables import CATEGORICAL, NUMERIC, spec

KINDS = {"f": NUMERIC, "i": NUMERIC, "b": {"kind": "boolean"}, "M": {"kind": "date", "formats": ["ISO8601"]}}
AsColumns = Mapping[str, np.ndarray]


class Explained:
    """`score` answers columns: float64 with NaN, or texts, None where missing. `calls` counts the rows of each call."""

    def __init__(
        self, rows: pd.DataFrame, score: Callable[[AsColumns], np.ndarray], typical: Mapping[str, Any]
    ) -> None:
        self.calls: list[int] = []
        self._score = score
        columns = {str(name): KINDS.get(column.dtype.kind, CATEGORICAL) for name, column in rows.items()}
        params = spec(columns, encode={"numeric": "standard", "knots": 2, "min_count": 1})
        # All typical values are classes of training.
        both = pd.concat([rows, pd.DataFrame([{**rows.iloc[0], **typical}]).astype(rows.dtypes)]) if len(rows) else rows
        self.encoder: TableEncoder = fit_encoder(both, params)
        self.columns = params.columns
        encoded = self.encoder.encode(rows)
        self.rows = Scored(typed_rows(rows, columns), encoded, self.score(encoded))
        self.calls.clear()

    def typical(self, values: Mapping[str, Any]) -> Replacements:
        return Replacements.of(values, self.columns, self.encoder)

    def score(self, encoded: Encoded) -> np.ndarray:
        self.calls.append(len(encoded.raw))
        found: dict[str, np.ndarray] = dict(zip(self.encoder.raw_names, encoded.raw.T, strict=True))
        for feature, codes in zip(self.encoder.categorical, encoded.categorical.T, strict=True):
            labels = np.array([None, *feature.classes, *([None] if feature.missing else [])], dtype=object)
            found[feature.name] = labels[codes]
        return self._score(found)
