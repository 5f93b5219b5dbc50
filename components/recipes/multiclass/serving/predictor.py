"""Answers for rows of a table of several classes: members, blend, calibration, reasons. No torch."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import softmax

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
from components.recipes.multiclass.metrics.blend import mix
from components.recipes.multiclass.metrics.calibrator import Calibrator
from components.recipes.multiclass.metrics.explain import Reason, class_reasons
from components.recipes.multiclass.params import classes_of

if TYPE_CHECKING:
    import pandas as pd

PROBABILITY = "p_"  # before a class in the names of columns


class ClassSettings(Block):
    """The `settings` of a bundle. `references` hold for each class a typical training row of the others, against which
    the reasons of an answer are found.
    """

    members: list[Member]
    calibrator: dict[str, Any]
    references: list[dict[str, Any]]
    reasons: int


@dataclass(frozen=True)
class ClassAnswers:
    """Of N rows `score` (N, C), the calibrated probability of each class, `told`, how it is written by column, and
    `reasons` of the likeliest class, strongest first. `warnings` say what a row has that training rows had not.
    """

    score: np.ndarray
    told: dict[str, np.ndarray]
    reasons: list[tuple[Reason, ...]]
    warnings: list[list[str]]

    def columns(self) -> dict[str, Any]:
        """As they are written, reasons as texts."""
        reasons = [[reason_text(reason.feature, reason.value) for reason in found] for found in self.reasons]
        return {**self.told, "reasons": reasons, "warnings": self.warnings}


class ClassPredictor(BlendedTable):
    """Rows as the source has them to `class`, `probability`, that of each class and `reasons` beside their key."""

    def __init__(self, bundle: Bundle) -> None:
        super().__init__(bundle)
        self.settings = read_block(ClassSettings, bundle.manifest.settings, "bundle.settings")
        self.calibrator = Calibrator.from_json(self.settings.calibrator)
        self.classes = classes_of(self.data)

    def answer(self, rows: RawRows, *, explain: bool = True) -> ClassAnswers:
        """Raw rows by column, however they are written, to probabilities and, if asked for, reasons.

        Raises:
            CasebookError: a column that the model uses is not there.
        """
        return self.answer_asked(self.look(rows), explain=explain)

    def answer_asked(self, asked: Asked, *, explain: bool) -> ClassAnswers:
        """What every answer comes from."""
        scored = Scored(asked.typed, asked.encoded, self.probabilities(asked.encoded))
        reasons: list[tuple[Reason, ...]] = [()] * len(scored.score)
        if explain and len(reasons):
            answered, top = scored.score.argmax(axis=1), self.settings.reasons
            reasons = class_reasons(self.probabilities, scored, answered, self.references, top=top)
        return ClassAnswers(scored.score, self.told(scored.score), reasons, self.known.warnings(asked))

    def told(self, score: np.ndarray) -> dict[str, np.ndarray]:
        """Probabilities (N, C) as columns: the likeliest class, how likely it is, and each class."""
        answered = score.argmax(axis=1)
        return {
            "class": np.array(self.classes, dtype=object)[answered],
            "probability": score[np.arange(len(score)), answered],
            **{f"{PROBABILITY}{name}": score[:, place] for place, name in enumerate(self.classes)},
        }

    def score(self, typed: "pd.DataFrame") -> np.ndarray:
        """Typed rows (N), as prepared files hold them, to calibrated probabilities (N, C)."""
        return self.probabilities(self.encoder.encode(typed))

    def probabilities(self, encoded: Encoded) -> np.ndarray:
        """Encoded rows (N) to calibrated probabilities (N, C)."""
        return self.calibrator.apply(self.blend(encoded))

    @property
    def members(self) -> list[Member]:
        return self.settings.members

    def mix(self, scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
        return mix(scores, weights)

    def link(self, line: np.ndarray) -> np.ndarray:
        probability: np.ndarray = softmax(line, axis=1)
        return probability

    def of_trees(self, answer: np.ndarray) -> np.ndarray:
        return answer

    @cached_property
    def references(self) -> list[Replacements]:
        """What a typical row of the other classes would have in a row's place, for each class."""
        columns = self.reader.columns
        return [Replacements.of(values, columns, self.encoder) for values in self.settings.references]


def open_predictor(folder: Path, *, threads: int = 1) -> ClassPredictor:
    """The predictor of a bundle folder.

    Raises:
        CasebookError: the folder is no whole bundle.
    """
    return ClassPredictor(read_bundle(folder, threads=threads))
