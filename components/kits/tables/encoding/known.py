"""What training rows had, and the cells of other rows that they had nothing like."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from components.kits.tables.encoding.cells import RawRows
from components.kits.tables.encoding.encode import Encoded, TableEncoder
from components.kits.tables.encoding.reader import Read, raw_cell
from components.kits.tables.encoding.values import TypedRows, one_value

LONGEST = 60  # characters of a cell that are shown
# In this order they are told: no value of the column's kind, against its rules, beyond what training had, a new class.
Kind = Literal["unreadable", "ruled", "beyond", "unseen"]


@dataclass(frozen=True)
class Mark:
    """The cells `where` (N,) of a column are strange; `detail` is the rule that they break."""

    column: str
    kind: Kind
    where: np.ndarray
    detail: str = ""


@dataclass(frozen=True)
class Asked:
    """Raw rows (N) as they are read and encoded, and what is strange about them."""

    rows: RawRows
    typed: TypedRows
    encoded: Encoded
    marks: tuple[Mark, ...]

    def __len__(self) -> int:
        return len(self.encoded.raw)

    def shown(self, mark: Mark, row: int) -> str:
        """The cell, as a person reads it: as it was given, or the number that it was read as."""
        if mark.kind == "beyond":
            return f"{one_value(self.typed[mark.column], row):.12g}"
        if mark.kind == "unseen":
            return repr(one_value(self.typed[mark.column], row))[:LONGEST]
        return repr(raw_cell(self.rows[mark.column], row))[:LONGEST]


@dataclass(frozen=True)
class Known:
    """Of the F numbers of `Encoded.raw` the `lowest`, the `middle` (the median) and the `highest` of training, NaN
    where nothing is known of it. The classes are those of the encoder.
    """

    encoder: TableEncoder
    lowest: np.ndarray
    middle: np.ndarray
    highest: np.ndarray

    @classmethod
    def of(cls, data: Mapping[str, Any], encoder: TableEncoder) -> "Known":
        """By `Meta.data`; a bundle from before there was a summary knows no numbers.

        Dates are none of them: those of new rows are later, always.
        """
        summary = data.get("summary", {})
        found = [
            summary.get(feature.source, {}).get("quantiles", {}) if feature.reads == "number" else {}
            for feature in encoder.numeric
        ]
        return cls(encoder, *(np.array([one.get(at, np.nan) for one in found], float) for at in ("0", "0.5", "1")))

    @property
    def places(self) -> dict[str, int]:
        """Where in `Encoded.raw` each column stands whose numbers are known."""
        known = np.flatnonzero(~np.isnan(self.middle)).tolist()
        return {self.encoder.numeric[place].source: place for place in known}

    def asked(self, rows: RawRows, read: Read, encoded: Encoded) -> Asked:
        """The rows with the marks of what is strange about them."""
        found = [Mark(name, "unreadable", where) for name, where in read.unreadable.items()]
        found += [Mark(name, "ruled", where, rule) for name, one in read.ruled.items() for rule, where in one.items()]
        beyond = (encoded.raw < self.lowest) | (encoded.raw > self.highest)
        if beyond.any():
            places = np.flatnonzero(beyond.any(axis=0)).tolist()
            found += [Mark(self.encoder.numeric[place].source, "beyond", beyond[:, place]) for place in places]
        if encoded.unknown:
            features = [feature for feature in self.encoder.categorical if feature.name in encoded.unknown]
            found += [Mark(feature.name, "unseen", feature.unseen(read.typed[feature.name])) for feature in features]
        return Asked(rows, read.typed, encoded, tuple(found))

    def warnings(self, asked: Asked) -> list[list[str]]:
        """For each of the N rows what is strange about it, as texts."""
        found: list[list[str]] = [[] for _ in range(len(asked))]
        for mark in asked.marks:
            for row in np.flatnonzero(mark.where).tolist():
                found[row].append(self._told(asked, mark, row))
        return found

    def _told(self, asked: Asked, mark: Mark, row: int) -> str:
        shown = asked.shown(mark, row)
        if mark.kind == "unreadable":
            return f"{mark.column}: {shown} cannot be read"
        if mark.kind == "ruled":
            return f"{mark.column} = {shown} is {mark.detail}, taken as missing"
        if mark.kind == "unseen":
            return f"{mark.column} = {shown} is no class of training"
        place = self.places[mark.column]
        low, high = self.lowest[place], self.highest[place]
        below = asked.encoded.raw[row, place] < low
        return f"{mark.column} = {shown} is {'below' if below else 'above'} training's {low if below else high:.12g}"
