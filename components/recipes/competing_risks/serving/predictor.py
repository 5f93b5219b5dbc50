"""Answers for patients: members, blend by cause, recalibration, incidences, decision, contributions. No torch."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import Field

from components.core.blocks import Block, Names, read_block
from components.core.bundle import Bundle, read_bundle
from components.kits.survival.metrics import curves
from components.kits.survival.metrics.contributions import Contribution
from components.kits.survival.metrics.pool import Recalibration, pooled
from components.kits.survival.serving.asked import PARAMS as PARAMS
from components.kits.survival.serving.asked import AskedCohort, CohortSettings, Numbers, told
from components.kits.survival.serving.curve import span
from components.kits.survival.serving.members import Curves as MemberCurves
from components.kits.survival.units import SHORT
from components.kits.tables.encoding.cells import RawRows
from components.kits.tables.encoding.encode import Encoded
from components.kits.tables.encoding.known import Asked
from components.kits.tables.encoding.values import TypedRows
from components.recipes.competing_risks.metrics.hazards import free_of_all, incidences
from components.recipes.competing_risks.serving.members import open_member

if TYPE_CHECKING:
    import pandas as pd


class Member(Block):
    """One model of the blend; `name` is its files' too, `weights` its shares of each cause, on the scale of log
    cumulative hazards.
    """

    name: str
    kind: str
    weights: Numbers

    @property
    def blended(self) -> bool:
        return any(weight > 0 for weight in self.weights)


class CausesSettings(CohortSettings):
    """The `settings` of the bundle of a cohort with several `causes`, that of interest first. What is decided is about
    that one.
    """

    causes: Names
    members: list[Member]
    recalibration: Annotated[list[dict[str, float]], Field(min_length=1)]


@dataclass(frozen=True)
class CausesCurves:
    """Of N rows the incidences (N, K, T) at `times` (T,), the lowest and highest that a member says (None where a model
    stands alone), and the share free of any event (N, T).
    """

    causes: tuple[str, ...]
    times: np.ndarray
    incidence: np.ndarray
    least: np.ndarray | None
    most: np.ndarray | None
    free: np.ndarray

    def columns(self) -> dict[str, Any]:
        """Lists for each row: `curve_times`, `curve_survival`, `curve_relapse`, `curve_relapse_low` and so on."""
        found: dict[str, Any] = {
            "curve_times": [self.times.tolist()] * len(self.free),
            "curve_survival": self.free.tolist(),
        }
        parts = {"": self.incidence, "_low": self.least, "_high": self.most}
        for place, cause in enumerate(self.causes):
            found |= {f"curve_{cause}{end}": part[:, place].tolist() for end, part in parts.items() if part is not None}
        return found


@dataclass(frozen=True)
class CausesAnswers:
    """Of N rows the `risk` (N, K, H) of each cause by each horizon, the share `free` of any event then (N, H),
    `decision` (N,), and the strongest `contributions` to the first cause's risk.

    `warnings` say what a row has that training rows had not. Whole `curves` are there where they were asked for.
    """

    settings: CausesSettings
    risk: np.ndarray
    free: np.ndarray
    decision: np.ndarray
    contributions: list[tuple[Contribution, ...]]
    warnings: list[list[str]]
    curves: CausesCurves | None = None

    @property
    def score(self) -> np.ndarray:
        """As it is judged (N, K * H): the first cause's risks by each horizon, then the second's, and so on."""
        return self.risk.reshape(len(self.risk), -1)

    def columns(self) -> dict[str, Any]:
        """As they are written: `score` (the first cause's risk by the last horizon), `risk_relapse_1y` and so on,
        `survival_1y` (free of any event) and so on, reasons as texts.
        """
        ends = [f"{horizon:g}{SHORT[self.settings.unit]}" for horizon in self.settings.horizons]
        risks = {
            f"risk_{cause}_{end}": self.risk[:, row, place]
            for row, cause in enumerate(self.settings.causes)
            for place, end in enumerate(ends)
        }
        free = {f"survival_{end}": self.free[:, place] for place, end in enumerate(ends)}
        reasons = [[told(one) for one in found] for found in self.contributions]
        said = {"decision": self.decision, "reasons": reasons, "warnings": self.warnings}
        whole = {} if self.curves is None else self.curves.columns()
        return {"score": self.risk[:, 0, -1], **risks, **free, **said, **whole}


class CausesPredictor(AskedCohort):
    """Rows as the source has them to incidences of each cause, a decision and what made them, beside their key columns.

    `reasons` is a list of texts `column = value (x factor)`, strongest first: by how much that value alone changes the
    first cause's risk against a typical patient's, as a factor on -log(1 - risk).
    """

    settings: CausesSettings

    def __init__(self, bundle: Bundle, *, curve: bool = False) -> None:
        super().__init__(bundle, curve=curve)
        self.settings = read_block(CausesSettings, bundle.manifest.settings, "bundle.settings")
        self.times, self.edges = np.array(self.settings.times), np.array(self.settings.edges)
        self.recalibration = [Recalibration(**one) for one in self.settings.recalibration]

    def answer(self, rows: RawRows, *, explain: bool = True) -> CausesAnswers:
        """Raw rows by column, however they are written, to risks, decisions and, if asked for, contributions.

        Raises:
            CasebookError: a column that the model uses is not there.
        """
        return self.answer_asked(self.look(rows), explain=explain)

    def answer_asked(self, asked: Asked, *, explain: bool) -> CausesAnswers:
        """What every answer comes from."""
        cumulative = self.cumulative(asked.encoded)
        incidence, free = incidences(cumulative), free_of_all(cumulative)
        risk, high, low = self.at_horizons(incidence), *self.settings.decisions
        decision = np.where(risk[:, 0, -1] >= self.settings.threshold, high, low)
        found: list[tuple[Contribution, ...]] = [()] * len(risk)
        if explain:
            found = self.explain(asked.typed, asked.encoded, incidence)
        whole = self.curves(asked.encoded, incidence, free) if self.curve else None
        return CausesAnswers(
            self.settings, risk, self.at_horizons(free, first=1.0), decision, found, self.known.warnings(asked), whole
        )

    def curves(self, encoded: Encoded, incidence: np.ndarray, free: np.ndarray) -> CausesCurves:
        """Encoded rows (N) of these incidences (N, K, T), with what each member of the blend says alone; where the
        blend is one of several that were fitted, what each of those says.
        """
        blended = [one.name for one in self.settings.members if one.blended]
        names = blended if len(blended) > 1 else [*self.member_hazards]
        members = [incidences(self.recalibrated(self.member_hazards[name](encoded))) for name in names]
        least, most = span([incidence, *members] if len(members) > 1 else members)
        return CausesCurves(self.settings.causes, self.times, incidence, least, most, free)

    def score(self, typed: "pd.DataFrame") -> np.ndarray:
        """Typed rows (N), as prepared files hold them, to risks (N, K * H)."""
        risk = self.at_horizons(self.incidences(self.encoder.encode(typed)))
        return risk.reshape(len(risk), -1)

    def at_horizons(self, values: np.ndarray, first: float = 0.0) -> np.ndarray:
        """Values (..., T) on the grid, `first` at time zero, at the horizons: (..., H)."""
        return first + curves.at(self.settings.horizons, self.times, values - first)

    def incidences(self, encoded: Encoded) -> np.ndarray:
        """Encoded rows (N) to incidences (N, K, T) on the grid."""
        return incidences(self.cumulative(encoded))

    def cumulative(self, encoded: Encoded) -> np.ndarray:
        """Encoded rows (N) to recalibrated cause-specific cumulative hazards (N, K, T) on the grid."""
        return self.recalibrated(self.mixed(encoded))

    def recalibrated(self, cumulative: np.ndarray) -> np.ndarray:
        return np.stack([one.apply(cumulative[:, place]) for place, one in enumerate(self.recalibration)], axis=1)

    def blend(self, encoded: Encoded) -> np.ndarray:
        """Incidences (N, K, T) before recalibration."""
        return incidences(self.mixed(encoded))

    def mixed(self, encoded: Encoded) -> np.ndarray:
        """Cumulative hazards (N, K, T) before recalibration."""
        members = [member for member in self.settings.members if member.blended]
        return mixed(
            [self.member_hazards[member.name](encoded) for member in members], [one.weights for one in members]
        )

    def explain(self, typed: TypedRows, encoded: Encoded, incidence: np.ndarray) -> list[tuple[Contribution, ...]]:
        """For each row (N), of these incidences (N, K, T), what changes the first one's by the last horizon most."""
        return self.explained(
            lambda encoded: self._at_the_end(self.incidences(encoded)), typed, encoded, self._at_the_end(incidence)
        )

    def _at_the_end(self, incidence: np.ndarray) -> np.ndarray:
        found: np.ndarray = -np.log1p(-self.at_horizons(incidence[:, 0])[:, -1])
        return found

    @cached_property
    def member_hazards(self) -> dict[str, MemberCurves]:
        """How each member answers encoded rows, those of no weight too: cumulative hazards (N, K, T)."""
        how = partial(
            open_member,
            causes=len(self.settings.causes),
            times=self.times,
            edges=self.edges,
            sizes=self.encoder.sizes,
        )
        return {one.name: how(self.bundle, one.name, one.kind) for one in self.settings.members}

    @cached_property
    def member_incidences(self) -> dict[str, Callable[[Encoded], np.ndarray]]:
        """The same as incidences (N, K, T)."""
        return {name: partial(_incidences_of, one) for name, one in self.member_hazards.items()}


def mixed(hazards: list[np.ndarray], weights: list[tuple[float, ...]]) -> np.ndarray:
    """Members' cumulative hazards (N, K, T), pooled by the weights (K,) that each has of each cause."""
    by_cause = np.array(weights).T
    return np.stack([pooled([one[:, place] for one in hazards], own) for place, own in enumerate(by_cause)], axis=1)


def _incidences_of(hazards: MemberCurves, encoded: Encoded) -> np.ndarray:
    return incidences(hazards(encoded))


def open_predictor(folder: Path, *, threads: int = 1, curve: bool = False) -> CausesPredictor:
    """The predictor of a bundle folder.

    Raises:
        CasebookError: the folder is no whole bundle.
    """
    return CausesPredictor(read_bundle(folder, threads=threads), curve=curve)
