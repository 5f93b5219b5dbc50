"""From a trained learner to a bundle: members are fitted, and rows that none has learned from choose among them."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from lightning.pytorch import LightningModule

from components.core.bundle import GRAPH, Manifest, write_bundle
from components.core.job import BUNDLE, SELECTION, AnyJob, Meta
from components.kits.tables.encoding.encode import TableEncoder
from components.kits.tables.learning.crossfit import CrossFitted, CrossFitting, Members, cross_fit
from components.training.refit import keep_result, refit, refit_state

log = logging.getLogger(__name__)


class Blend(Protocol):
    """What was chosen: each member's weight, and whatever else."""

    @property
    def weights(self) -> Mapping[str, float]: ...


Chosen = TypeVar("Chosen", bound=Blend)


class Choosing(Protocol[Chosen]):
    """What a recipe chooses on rows that no member has learned from, and how it is written."""

    def choose(self, job: Any, target: np.ndarray, scores: Mapping[str, np.ndarray], /) -> Chosen:
        """By held-out answers `(N, ...)` of each member."""

    def choose_cross_fitted(self, job: Any, found: CrossFitted, /) -> Chosen:
        """By cross-fitted ones, of few rows."""

    def manifest(self, job: Any, chosen: Chosen, /) -> Manifest: ...


@dataclass(frozen=True)
class Assembling(Generic[Chosen]):
    """How a recipe is assembled. The baselines are trained on the training split; what is chosen rests on the
    validation split, or where rows are few on cross-fitted answers.
    """

    fitting: CrossFitting
    data: Any  # Callable[[AnyJob], TableData], the training rows
    choosing: Choosing[Chosen]

    def assemble(self, job: AnyJob, learner: LightningModule, folder: Path) -> LightningModule:
        """Write `bundle/` into `folder`, with the graph of the learner that is returned: the one given, or where rows
        are few that of a second fit.
        """
        if self.fitting.is_for(job):
            return self._assemble_few(job, learner, folder)
        data = self.data(job)
        train, held_out = data.parts
        members = self.fitting.fit_members(job, learner, train, data.encoder, few=False)
        chosen = self.choosing.choose(job, held_out.target, members.scores(held_out))
        self._write(job, data.encoder, members, chosen, folder / BUNDLE)
        return learner

    def _assemble_few(self, job: AnyJob, learner: LightningModule, folder: Path) -> LightningModule:
        """`selection/` has members that know the training rows alone, for who asks about the validation; those of
        `bundle/` have learned from both, and its network for as long as the first.
        """
        fitting = self.fitting
        chosen = self.choosing.choose_cross_fitted(job, cross_fit(job, learner, fitting))
        log.info("few rows; blend: %s", ", ".join(f"{name} {weight:.2f}" for name, weight in chosen.weights.items()))
        data, whole = self.data(job), fitting.everything(job)
        first = fitting.fit_members(job, learner, data.parts[0], data.encoder, few=True)
        self._write(job, data.encoder, first, chosen, folder / SELECTION)
        again = refit(job, fitting.training, learner, fitting.everything)
        keep_result(refit_state(job, learner), folder)
        second = fitting.fit_members(job, again, whole.parts[0], whole.encoder, few=True)
        self._write(job, whole.encoder, second, chosen, folder / BUNDLE)
        return again

    def _write(self, job: AnyJob, encoder: TableEncoder, members: Members, chosen: Chosen, folder: Path) -> None:
        """Graphs that the manifest does not name serve nobody, and are left out."""
        manifest, table = self.choosing.manifest(job, chosen), Meta.read(job.paths.prepared(job.case)).data
        named = {f"{name}{GRAPH}" for name in manifest.graphs}
        files = {
            name: one for name, one in members.contents(encoder).items() if not name.endswith(GRAPH) or name in named
        }
        write_bundle(folder, manifest, {"table.json": table, **files})
