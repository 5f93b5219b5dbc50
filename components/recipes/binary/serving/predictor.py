"""Answers for rows of a table: members, blend, calibration, decision, reasons. No torch."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import Field
from scipy.special import expit

from components.core.blocks import Block, read_block
from components.core.bundle import Bundle, read_bundle
from components.kits.tables.asked import PARAMS as PARAMS
from components.kits.tables.encoding.cells import RawRows
from components.kits.tables.encoding.encode import Encoded
from components.kits.tables.encoding.known import Asked
from components.kits.tables.encoding.replace import Replacements
from components.kits.tables.explain import Scored
from components.kits.tables.learning.members import BlendedTable, Member
from components.kits.tables.learning.reasons import reason_text
from components.recipes.binary.metrics.blend import mix
from components.recipes.binary.metrics.calibrator import Calibrator
from components.recipes.binary.metrics.explain import Reason, reason_codes

if TYPE_CHECKING:
    import pandas as pd


class TableSettings(Block):
    """The `settings` of a table's bundle.

    `reference` holds a typical approved row, against which a declined row's reasons are found;
    `decisions` the words for a score at or above the threshold and for one below it.
    """

    members: list[Member]
    calibrator: dict[str, Any]
    threshold: float
    decisions: Annotated[tuple[str, str], Field(strict=False)]
    bands: list[float]
    reference: dict[str, Any]
    reasons: int


@dataclass(frozen=True)
class TableAnswers:
    """Of N rows `score` (N,), the calibrated probability of the positive class, `decision` (N,), and `reasons`,
    strongest first: none for rows below the threshold. `warnings` say what a row has that training rows had not.
    """

    score: np.ndarray
    decision: np.ndarray
    reasons: list[tuple[Reason, ...]]
    warnings: list[list[str]]

    def columns(self) -> dict[str, Any]:
        """As they are written, reasons as texts."""
        reasons = [[reason_text(reason.feature, reason.value) for reason in found] for found in self.reasons]
        return {"score": self.score, "decision": self.decision, "reasons": reasons, "warnings": self.warnings}


class TablePredictor(BlendedTable):
    """Rows as the source has them to `score`, `decision` and `reasons` beside their key columns."""

    def __init__(self, bundle: Bundle) -> None:
        super().__init__(bundle)
        self.settings = read_block(TableSettings, bundle.manifest.settings, "bundle.settings")
        self.calibrator = Calibrator.from_json(self.settings.calibrator)

    def answer(self, rows: RawRows, *, explain: bool = True) -> TableAnswers:
        """Raw rows by column, however they are written, to scores, decisions and, if asked for, reasons.

        Raises:
            CasebookError: a column that the model uses is not there.
        """
        return self.answer_asked(self.look(rows), explain=explain)

    def answer_asked(self, asked: Asked, *, explain: bool) -> TableAnswers:
        """What every answer comes from."""
        scored = Scored(asked.typed, asked.encoded, self.probabilities(asked.encoded))
        over = scored.score >= self.settings.threshold
        high, low = self.settings.decisions
        reasons: list[tuple[Reason, ...]] = [()] * len(over)
        if explain and over.any():
            reasons = self.reasons(scored, over)
        return TableAnswers(scored.score, np.where(over, high, low), reasons, self.known.warnings(asked))

    def score(self, typed: "pd.DataFrame") -> np.ndarray:
        """Typed rows (N), as prepared files hold them, to calibrated probabilities (N,)."""
        return self.probabilities(self.encoder.encode(typed))

    def probabilities(self, encoded: Encoded) -> np.ndarray:
        """Encoded rows (N) to calibrated probabilities (N,)."""
        return self.calibrator.apply(self.blend(encoded))

    @property
    def members(self) -> list[Member]:
        return self.settings.members

    def mix(self, scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
        return mix(scores, weights)

    def link(self, line: np.ndarray) -> np.ndarray:
        probability: np.ndarray = expit(line)
        return probability

    def of_trees(self, answer: np.ndarray) -> np.ndarray:
        return answer[:, 1]

    def reasons(self, rows: Scored, over: np.ndarray) -> list[tuple[Reason, ...]]:
        """For each row that is `over` the threshold what raised its score most; see `explain`."""
        declined = rows.take(np.flatnonzero(over))
        found = iter(reason_codes(self.probabilities, declined, self.reference, top=self.settings.reasons))
        return [next(found) if flag else () for flag in over]

    @cached_property
    def reference(self) -> Replacements:
        """What a typical approved row would have in a declined one's place."""
        return Replacements.of(self.settings.reference, self.reader.columns, self.encoder)


def open_predictor(folder: Path, *, threads: int = 1) -> TablePredictor:
    """The predictor of a bundle folder.

    Raises:
        CasebookError: the folder is no whole bundle.
    """
    return TablePredictor(read_bundle(folder, threads=threads))
