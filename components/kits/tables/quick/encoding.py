"""The encoder of a table whose features are computed together, and rows with one column at a time replaced."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from components.kits.tables.encoding.encode import Encoded, TableEncoder
from components.kits.tables.encoding.features import READERS
from components.kits.tables.encoding.replace import Replacements
from components.kits.tables.encoding.values import LARGEST, TypedRows, Values
from components.kits.tables.quick.curves import Scales
from components.kits.tables.quick.expressions import Columns, compiled


class QuickTyped(dict[str, Values]):
    """Typed rows; of some columns the codes (N,) or the numbers (N,) are known already."""

    def __init__(self, typed: TypedRows, codes: Mapping[str, np.ndarray], numbers: Mapping[str, np.ndarray]) -> None:
        super().__init__(typed)
        self.codes, self.numbers = codes, numbers


class QuickEncoder(TableEncoder):
    """Answers as `TableEncoder` does."""

    @classmethod
    def of(cls, encoder: TableEncoder) -> "QuickEncoder":
        return cls(encoder.numeric, encoder.categorical)

    def encode_rows(self, rows: TypedRows) -> Encoded:
        codes, numbers = (rows.codes, rows.numbers) if isinstance(rows, QuickTyped) else ({}, {})
        raw = np.empty((len(next(iter(rows.values()))), len(self.numeric)))
        for place, feature in enumerate(self.numeric):
            if feature.source in numbers and feature.reads == "number":
                raw[:, place] = numbers[feature.source]
            elif feature.reads != "derived":
                raw[:, place] = READERS[feature.reads](rows[feature.source])
            else:
                raw[:, place] = np.nan
        keep(raw)
        self.derive(raw)
        categorical = np.empty((len(raw), len(self.categorical)), dtype=np.int64)
        unknown = {}
        for place, known in enumerate(self.categorical):
            if known.name in codes:
                categorical[:, place] = codes[known.name]
                continue
            categorical[:, place], new = known.encode(rows[known.name])
            if new:
                unknown[known.name] = new
        return Encoded(raw, self.numbers(raw), categorical, unknown)

    def derive(self, raw: np.ndarray) -> None:
        """Put derived features into raw (..., F) from the numbers that stand there."""
        if not self._derived:
            return
        columns = {source: raw[..., place] for source, place in self._sources_at.items()}
        with np.errstate(all="ignore"):
            for place, value in self._derived:
                raw[..., place] = value(columns)
            keep(raw)

    def numbers(self, raw: np.ndarray) -> np.ndarray:
        """Raw (N, F) to what a network takes, `(N, F + M)` float32."""
        absent = np.isnan(raw)
        found = np.empty((len(raw), len(self.numeric) + len(self._indicated)), dtype=np.float32)
        if self.numeric:
            found[:, : len(self.numeric)] = self._scales(np.where(absent, self._medians, raw))
        found[:, len(self.numeric) :] = absent[:, self._indicated]
        return found

    @cached_property
    def _derived(self) -> list[tuple[int, Callable[[Columns], Any]]]:
        return [
            (place, compiled(feature.source))
            for place, feature in enumerate(self.numeric)
            if feature.reads == "derived"
        ]

    @cached_property
    def _sources_at(self) -> dict[str, int]:
        return {feature.source: place for place, feature in enumerate(self.numeric) if feature.reads == "number"}

    @cached_property
    def _scales(self) -> Scales:
        return Scales([feature.scale for feature in self.numeric])

    @cached_property
    def _medians(self) -> np.ndarray:
        return np.array([feature.median for feature in self.numeric])

    @cached_property
    def _indicated(self) -> np.ndarray:
        return np.flatnonzero([feature.had_missing for feature in self.numeric])


@dataclass(frozen=True)
class Alike(Encoded):
    """Rows of which those of one `group` (N,) have nearly all in common."""

    group: np.ndarray

    def take(self, index: np.ndarray) -> "Alike":
        part = super().take(index)
        return Alike(part.raw, part.numeric, part.categorical, part.unknown, self.group[index])


class QuickReplacements(Replacements):
    """Answers as `Replacements` does: all columns' rows at once."""

    @classmethod
    def of_plain(cls, plain: Replacements, encoder: QuickEncoder) -> "QuickReplacements":
        return cls(encoder, plain.names, plain.given)

    def apply(self, rows: Encoded) -> Encoded:
        encoder = self.encoder
        assert isinstance(encoder, QuickEncoder)
        raw, categorical = (np.repeat(part[None], len(self.names), axis=0) for part in (rows.raw, rows.categorical))
        for turn, name in enumerate(self.names):
            for place in self._own[name]:
                raw[turn, :, place] = self.given.raw[0, place]
            for place in self._classes[name]:
                categorical[turn, :, place] = self.given.categorical[0, place]
        encoder.derive(raw)
        turns, given, features = raw.shape
        count = turns * given  # said, as a table may have no numbers, or no classes
        flat, codes = raw.reshape(count, features), categorical.reshape(count, categorical.shape[-1])
        group = np.tile(np.arange(given), turns)
        return Alike(flat, encoder.numbers(flat), codes, rows.unknown, group)

    @cached_property
    def _own(self) -> dict[str, list[int]]:
        features = list(enumerate(self.encoder.numeric))
        return {
            name: [place for place, one in features if one.reads != "derived" and one.source == name]
            for name in self.names
        }


def keep(raw: np.ndarray) -> None:
    """NaN, in place, for what is too large to compute with."""
    raw[~(np.abs(raw) <= LARGEST)] = np.nan
