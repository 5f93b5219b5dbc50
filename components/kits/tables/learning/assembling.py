"""From a trained learner to a bundle: members are fitted, and rows that none has learned from choose among them."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import torch
from lightning.pytorch import LightningModule

from components.core.bundle import GRAPH, Manifest, write_bundle
from components.core.job import BUNDLE, SELECTION, AnyJob, Meta
from components.kits.tables.learning.crossfit import FEW, CrossFitted, CrossFitting, Members, Terms, cross_fit
from components.kits.tables.learning.data import TableData
from components.training.refit import keep_result, refit, refit_state

log = logging.getLogger(__name__)

SERVING = "serving.pt"  # of a fitted folder: the weights of the network in the bundle, where rows are many


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
    """How a recipe is assembled. The baselines are trained on the training split, and what is chosen rests on the
    validation split; where rows are few it rests on cross-fitted answers.

    `data` reads the training rows and those that are held out. Where a job `refits`, what is served has learned from
    both even where rows are many.
    """

    fitting: CrossFitting
    data: Callable[[AnyJob], TableData]
    choosing: Choosing[Chosen]
    refits: Callable[[AnyJob], bool] = lambda _job: False

    def assemble(self, job: AnyJob, learner: LightningModule, folder: Path) -> LightningModule:
        """Write `bundle/` into `folder`, with the graph of the learner that is returned: the one given, or that of a
        second fit.

        Where there is a second fit `selection/` has members that know the training rows alone, for who asks about the
        validation; those of `bundle/` have learned from both, and its network for as long as the first.
        """
        if self.fitting.is_for(job):
            first = self._fit(job, learner, FEW)
            terms = Terms(few=True, like=first)
            chosen = self.choosing.choose_cross_fitted(job, cross_fit(job, learner, self.fitting, terms))
            return self._twice(job, learner, folder, chosen, first, terms)
        terms = Terms(held_out=self.data(job).parts[1])
        members = self._fit(job, learner, terms)
        assert terms.held_out is not None
        chosen = self.choosing.choose(job, terms.held_out.target, members.scores(terms.held_out))
        if self.refits(job):
            served = self._twice(job, learner, folder, chosen, members, Terms(like=members))
            torch.save(served.state_dict(), folder / SERVING)
            return served
        self._write(job, members, chosen, folder / BUNDLE)
        return learner

    def _fit(self, job: AnyJob, learner: LightningModule, terms: Terms) -> Members:
        """Members of the training rows alone."""
        data = self.data(job)
        return self.fitting.fit_members(job, learner, data.parts[0], data.encoder, terms)

    def _twice(
        self, job: AnyJob, learner: LightningModule, folder: Path, chosen: Chosen, first: Members, terms: Terms
    ) -> LightningModule:
        fitting, told = self.fitting, ", ".join(f"{name} {weight:.2f}" for name, weight in chosen.weights.items())
        log.info("%sblend: %s", "few rows; " if terms.few else "", told)
        self._write(job, first, chosen, folder / SELECTION)
        again = refit(job, fitting.training, learner, fitting.everything)
        keep_result(refit_state(job, learner), folder)
        whole = fitting.everything(job)
        second = fitting.fit_members(job, again, whole.parts[0], whole.encoder, terms)
        self._write(job, second, chosen, folder / BUNDLE)
        return again

    def _write(self, job: AnyJob, members: Members, chosen: Chosen, folder: Path) -> None:
        """Graphs that the manifest does not name serve nobody, and are left out."""
        manifest, table = self.choosing.manifest(job, chosen), Meta.read(job.paths.prepared(job.case)).data
        found, named = members.contents(self.data(job).encoder), {f"{name}{GRAPH}" for name in manifest.graphs}
        files = {name: content for name, content in found.items() if not name.endswith(GRAPH) or name in named}
        write_bundle(folder, manifest, {"table.json": table, **files})
