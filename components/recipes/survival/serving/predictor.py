"""Answers for patients: members, blend, recalibration, survival, decision, contributions. No torch."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from components.core.blocks import Block, read_block
from components.core.bundle import Bundle, read_bundle
from components.kits.survival.metrics import curves
from components.kits.survival.metrics.contributions import Contribution
from components.kits.survival.metrics.pool import Recalibration, pooled
from components.kits.survival.serving.asked import PARAMS as PARAMS
from components.kits.survival.serving.asked import AskedCohort, CohortSettings, told
from components.kits.survival.serving.curve import Curves, span
from components.kits.survival.serving.members import OPENERS
from components.kits.survival.serving.members import Curves as MemberCurves
from components.kits.survival.units import SHORT, Unit
from components.kits.tables.encoding.cells import RawRows
from components.kits.tables.encoding.encode import Encoded
from components.kits.tables.encoding.known import Asked
from components.kits.tables.encoding.values import TypedRows

if TYPE_CHECKING:
    import pandas as pd


class Member(Block):
    """One model of the blend; `name` is its files' too, `weight` its share on the scale of log cumulative hazards."""

    name: str
    kind: str
    weight: float


class SurvivalSettings(CohortSettings):
    """The `settings` of a cohort's bundle."""

    members: list[Member]
    recalibration: dict[str, float]


@dataclass(frozen=True)
class SurvivalAnswers:
    """Of N rows the `risk` (N, H) by each of the `horizons`, `decision` (N,), and the strongest `contributions`.

    `warnings` say what a row has that training rows had not. Whole `curves` are there where they were asked for.
    """

    horizons: tuple[float, ...]
    risk: np.ndarray
    decision: np.ndarray
    contributions: list[tuple[Contribution, ...]]
    warnings: list[list[str]]
    unit: Unit = "years"
    curves: Curves | None = None

    @property
    def score(self) -> np.ndarray:
        return self.risk

    def columns(self) -> dict[str, Any]:
        """As they are written: `score` (the risk by the last horizon), `survival_1y` and so on, reasons as texts."""
        survival = {
            f"survival_{year:g}{SHORT[self.unit]}": 1 - self.risk[:, place] for place, year in enumerate(self.horizons)
        }
        reasons = [[told(one) for one in found] for found in self.contributions]
        said = {"decision": self.decision, "reasons": reasons, "warnings": self.warnings}
        whole = {} if self.curves is None else self.curves.columns()
        return {"score": self.risk[:, -1], **survival, **said, **whole}


class SurvivalPredictor(AskedCohort):
    """Rows as the source has them to risk, survival, decision and what made them, beside their key columns.

    `reasons` is a list of texts `column = value (x factor)`, strongest first: by how much that
    value alone changes the cumulative hazard against a typical patient's.
    """

    settings: SurvivalSettings

    def __init__(self, bundle: Bundle, *, curve: bool = False) -> None:
        super().__init__(bundle, curve=curve)
        self.settings = read_block(SurvivalSettings, bundle.manifest.settings, "bundle.settings")
        self.times, self.edges = np.array(self.settings.times), np.array(self.settings.edges)
        self.recalibration = Recalibration(**self.settings.recalibration)

    def answer(self, rows: RawRows, *, explain: bool = True) -> SurvivalAnswers:
        """Raw rows by column, however they are written, to risks, decisions and, if asked for, contributions.

        Raises:
            CasebookError: a column that the model uses is not there.
        """
        return self.answer_asked(self.look(rows), explain=explain)

    def answer_asked(self, asked: Asked, *, explain: bool) -> SurvivalAnswers:
        """What every answer comes from."""
        cumulative = self.cumulative(asked.encoded)
        risk = curves.risks(self.settings.horizons, self.times, cumulative)
        high, low = self.settings.decisions
        decision = np.where(risk[:, -1] >= self.settings.threshold, high, low)
        found: list[tuple[Contribution, ...]] = [()] * len(risk)
        if explain:
            found = self.explain(asked.typed, asked.encoded, cumulative)
        whole = self.curves(asked.encoded, cumulative) if self.curve else None
        warnings, unit = self.known.warnings(asked), self.settings.unit
        return SurvivalAnswers(self.settings.horizons, risk, decision, found, warnings, unit, whole)

    def curves(self, encoded: Encoded, cumulative: np.ndarray) -> Curves:
        """Encoded rows (N) of these cumulative hazards (N, T), with what each member of the blend says alone; where the
        blend is one of several that were fitted, what each of those says.
        """
        blended = [one.name for one in self.settings.members if one.weight > 0]
        names = blended if len(blended) > 1 else [*self.member_curves]
        members = [self.recalibration.apply(self.member_curves[name](encoded)) for name in names]
        return Curves(self.times, cumulative, *span([cumulative, *members] if len(members) > 1 else members))

    def score(self, typed: "pd.DataFrame") -> np.ndarray:
        """Typed rows (N), as prepared files hold them, to risks (N, H)."""
        return self.risks(self.encoder.encode(typed))

    def risks(self, encoded: Encoded) -> np.ndarray:
        return curves.risks(self.settings.horizons, self.times, self.cumulative(encoded))

    def cumulative(self, encoded: Encoded) -> np.ndarray:
        """Encoded rows (N) to recalibrated cumulative hazards (N, T) on the grid."""
        return self.recalibration.apply(self.blend(encoded))

    def blend(self, encoded: Encoded) -> np.ndarray:
        """The same before recalibration."""
        members = [member for member in self.settings.members if member.weight > 0]
        found = [self.member_curves[member.name](encoded) for member in members]
        return pooled(found, np.array([member.weight for member in members]))

    def explain(self, typed: TypedRows, encoded: Encoded, cumulative: np.ndarray) -> list[tuple[Contribution, ...]]:
        """For each row (N), of these cumulative hazards (N, T), what changes that by the last horizon most."""
        hazard = lambda encoded: self._at_the_end(self.cumulative(encoded))  # noqa: E731
        return self.explained(hazard, typed, encoded, self._at_the_end(cumulative))

    def _at_the_end(self, cumulative: np.ndarray) -> np.ndarray:
        return curves.at(self.settings.horizons[-1:], self.times, cumulative)[:, 0]

    @cached_property
    def member_curves(self) -> dict[str, MemberCurves]:
        """How each member answers encoded rows, those of no weight too."""
        return {
            member.name: OPENERS[member.kind](self.bundle, member.name, self.times, self.edges, self.encoder.sizes)
            for member in self.settings.members
        }


def open_predictor(folder: Path, *, threads: int = 1, curve: bool = False) -> SurvivalPredictor:
    """The predictor of a bundle folder.

    Raises:
        CasebookError: the folder is no whole bundle.
    """
    return SurvivalPredictor(read_bundle(folder, threads=threads), curve=curve)
