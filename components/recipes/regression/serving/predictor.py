"""Answers for rows of a table: members, blend, correction, interval, reasons. No torch."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from components.core.blocks import Block, Names, read_block
from components.core.bundle import Bundle, read_bundle
from components.kits.tables.asked import PARAMS as PARAMS
from components.kits.tables.encoding.cells import RawRows
from components.kits.tables.encoding.encode import Encoded
from components.kits.tables.encoding.known import Asked
from components.kits.tables.encoding.replace import Replacements
from components.kits.tables.explain import Scored
from components.kits.tables.learning.members import BlendedTable, Member, Score
from components.recipes.regression.metrics import blend
from components.recipes.regression.metrics.calibration import Calibration
from components.recipes.regression.metrics.conformal import Band, Intervals, make_band
from components.recipes.regression.metrics.explain import Reason, find_reasons
from components.recipes.regression.metrics.losses import Units
from components.recipes.regression.params import Method

if TYPE_CHECKING:
    import pandas as pd

QUANTILES = "quantiles"  # what the files of the models of both ends are called


class IntervalSettings(Block):
    """How intervals are made: see `metrics.conformal`. `margins` are those of the served model, `alone` those of each
    member by itself, by `alike`. `quantiles` are the files of the models of both ends, `least` the smallest distance of
    theirs that is believed; `by` is a column whose classes have margins of their own.
    """

    coverage: float
    method: Method
    by: str | None
    quantiles: Names
    least: float
    margins: dict[str, Any]
    alone: dict[str, dict[str, Any]]


class NumberSettings(Block):
    """The `settings` of a bundle that answers with a number. `reference` holds a typical training row, against which
    reasons are found.
    """

    members: list[Member]
    units: Units
    calibration: Calibration
    intervals: IntervalSettings
    reference: dict[str, Any]
    reasons: int


@dataclass(frozen=True)
class NumberAnswers:
    """Of N rows `score` (N, 3), value and ends of the interval; `reasons`, strongest first. `warnings` say what
    a row has that training rows had not.
    """

    score: np.ndarray
    reasons: list[tuple[Reason, ...]]
    warnings: list[list[str]]

    def columns(self) -> dict[str, Any]:
        """As they are written, reasons as texts."""
        value, low, high = self.score.T
        reasons = [[reason.told for reason in found] for found in self.reasons]
        return {"value": value, "low": low, "high": high, "reasons": reasons, "warnings": self.warnings}


class NumberPredictor(BlendedTable):
    """Rows as the source has them to `value`, `low`, `high` and `reasons` beside their key columns."""

    trees_output = "variable"

    def __init__(self, bundle: Bundle) -> None:
        super().__init__(bundle)
        self.settings = read_block(NumberSettings, bundle.manifest.settings, "bundle.settings")
        self.intervals = Intervals.from_json(self.settings.intervals.margins)

    @property
    def members(self) -> Sequence[Member]:
        return self.settings.members

    @property
    def units(self) -> Units:
        return self.settings.units

    def mix(self, scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
        return blend.mix(scores, weights)

    def link(self, line: np.ndarray) -> np.ndarray:
        """What a member has learned, to values in the target's units."""
        return self.units.told(self.units.loss.answered(line))

    def of_trees(self, answer: np.ndarray) -> np.ndarray:
        return self.units.told(answer[:, 0])

    def of_network(self, answer: np.ndarray) -> np.ndarray:
        return self.units.told(answer)

    def answer(self, rows: RawRows, *, explain: bool = True) -> NumberAnswers:
        """Raw rows by column, however they are written, to values, intervals and, if asked for, reasons.

        Raises:
            CasebookError: a column that the model uses is not there.
        """
        return self.answer_asked(self.look(rows), explain=explain)

    def answer_asked(self, asked: Asked, *, explain: bool) -> NumberAnswers:
        """What every answer comes from."""
        score = self.scores(asked.encoded)
        reasons: list[tuple[Reason, ...]] = [()] * len(score)
        if explain and len(score):
            rows = Scored(asked.typed, asked.encoded, score[:, 0])
            reasons = find_reasons(self.values, rows, self.reference, top=self.settings.reasons)
        return NumberAnswers(score, reasons, self.known.warnings(asked))

    def score(self, typed: "pd.DataFrame") -> np.ndarray:
        """Typed rows (N), as prepared files hold them, to values and the ends of their intervals (N, 3)."""
        return self.scores(self.encoder.encode(typed))

    def values(self, encoded: Encoded) -> np.ndarray:
        """Encoded rows (N) to values (N,)."""
        return self.units.within(self.settings.calibration.apply(self.blend(encoded)))

    def scores(self, encoded: Encoded) -> np.ndarray:
        """Encoded rows (N) to values and the ends of their intervals (N, 3)."""
        value = self.values(encoded)
        return self._with_ends(value, self.band(encoded, value), self.intervals, self.codes(encoded))

    def score_alone(self, member: str, encoded: Encoded) -> np.ndarray:
        """What a member by itself answers (N, 3): its value, with the interval of its own errors."""
        value, settings = self.member_scores[member](encoded), self.settings.intervals
        band = make_band("alike", value, self.units.deviation(value), None, settings.least)
        return self._with_ends(value, band, Intervals.from_json(settings.alone[member]), None)

    def band(self, encoded: Encoded, value: np.ndarray) -> Band:
        """Where the intervals of values (N,) begin."""
        settings = self.settings.intervals
        quantiles = None
        if settings.quantiles:
            low, high = (score(encoded) for score in self._quantiles)
            quantiles = (low, high)
        return make_band(settings.method, value, self.units.deviation(value), quantiles, settings.least)

    def codes(self, encoded: Encoded) -> np.ndarray | None:
        """The groups (N,) that have margins of their own."""
        return group_codes(encoded, self.encoder.categorical_names, self.settings.intervals.by)

    def _with_ends(self, value: np.ndarray, band: Band, found: Intervals, codes: np.ndarray | None) -> np.ndarray:
        low, high = found.ends(value, band, codes)
        return np.column_stack([value, self.units.within(low), self.units.within(high)])

    @cached_property
    def reference(self) -> Replacements:
        """What a typical row would have in a row's place."""
        return Replacements.of(self.settings.reference, self.reader.columns, self.encoder)

    @cached_property
    def _quantiles(self) -> list[Score]:
        return [self._trees(file) for file in self.settings.intervals.quantiles]


def group_codes(encoded: Encoded, names: Sequence[str], by: str | None) -> np.ndarray | None:
    """The codes (N,) of a column of classes, None where none is named."""
    return None if by is None else encoded.categorical[:, list(names).index(by)]


def open_predictor(folder: Path, *, threads: int = 1) -> NumberPredictor:
    """The predictor of a bundle folder.

    Raises:
        CasebookError: the folder is no whole bundle.
    """
    return NumberPredictor(read_bundle(folder, threads=threads))
