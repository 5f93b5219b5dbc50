"""Cross-fitting of few rows: every member answers each row after a fit that has not seen it.

Fifty validation rows say little of three weights, a calibration and a threshold. So all members are fitted on each part
of training and validation rows but one, and answer that one (Stone, 1974; Wolpert, Stacked generalization, 1992).
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np
from lightning.pytorch import LightningModule

from components.core.bundle import Content
from components.core.files import json_digest
from components.core.job import AnyJob
from components.core.parts import Training
from components.kits.tables.encoding.encode import TableEncoder
from components.kits.tables.learning.cut import Parts
from components.kits.tables.learning.data import Rows, TableData, read_groups
from components.kits.tables.learning.few import has_few_rows
from components.training.fit import fit
from components.training.refit import on_everything, refit_state

log = logging.getLogger(__name__)

ONE_PROCESS = {"fit.devices": 1, "fit.num_nodes": 1, "fit.strategy": "auto"}  # few rows have nothing for a second


class Members(Protocol):
    """The learner, and the baselines that were fitted on the same rows."""

    def scores(self, rows: Rows, /) -> Mapping[str, np.ndarray]:
        """Answers `(N, ...)` by name, the learner's first."""

    def contents(self, encoder: TableEncoder, /) -> Mapping[str, Content]:
        """The files of a bundle that answer for them."""


@dataclass(frozen=True)
class Terms:
    """How members are fitted on given rows: whether these are `few`; rows beside them that are `held_out` and may say
    when a member has learned enough; members that were fitted so before, `like` which they are to be: by the same
    settings, and for as long.
    """

    few: bool = False
    held_out: Rows | None = None
    like: Any = None


FEW = Terms(few=True)


class FitMembers(Protocol):
    def __call__(
        self, job: Any, learner: LightningModule, rows: Rows, encoder: TableEncoder, terms: Terms, /
    ) -> Members:
        """The `learner`, and baselines fitted on these rows."""


@dataclass(frozen=True)
class CrossFitting:
    """What a recipe gives: its fit, on what is known in all, and its members; how rows are `cut` (as `cut_classes`);
    and the `figure` that the log tells of each member's answers, with its name.
    """

    training: Training
    everything: Callable[[AnyJob], TableData]
    fit_members: FitMembers
    cut: Callable[[np.ndarray, np.ndarray | None, int, int], Parts]
    figure: tuple[str, Callable[[np.ndarray, np.ndarray], float]]

    def parts(self, job: AnyJob) -> Parts:
        data = self.everything(job)
        return self.cut(data.parts[0].target, read_groups(data.prepared), job.model.few.folds, job.params.fit.seed)

    def is_for(self, job: AnyJob) -> bool:
        """Whether there are few rows, and enough of them to leave some out."""
        return has_few_rows(job) and bool(self.parts(job))


@dataclass(frozen=True)
class CrossFitted:
    """N answers by member, each of a fit without its row; `parts` are the folds, `target (N,)` the truth."""

    target: np.ndarray
    scores: dict[str, np.ndarray]
    parts: Parts


def cross_fit(job: AnyJob, learner: LightningModule, how: CrossFitting, terms: Terms = FEW) -> CrossFitted:
    """Answers to the training and validation rows. The networks' checkpoints belong to the weights of the `learner`, as
    those of a second fit do: what a killed run had finished is not repeated.
    """
    data, state = how.everything(job), refit_state(job, learner, "crossfit")
    rows = data.parts[0]
    parts = how.parts(job)
    answers: list[Mapping[str, np.ndarray]] = []
    for fitting, rest in parts:
        fold, unseen = rows.take(fitting), rows.take(rest)
        network, _ = fit(
            job.with_values(ONE_PROCESS),
            on_everything(how.training, partial(_part, how=how, fold=fold, unseen=unseen)),
            state=state / f"fold-{json_digest({'rows': fitting.tolist()})[:16]}",
        )
        answers.append(how.fit_members(job, network, fold, data.encoder, terms).scores(unseen))
    places = np.concatenate([rest for _, rest in parts])
    scores = {name: np.concatenate([one[name] for one in answers])[np.argsort(places)] for name in answers[0]}
    called, figure = how.figure
    for name, score in scores.items():
        log.info("cross-fitted %s: %s %.4f over %d rows", name, called, figure(rows.target, score), len(score))
    return CrossFitted(rows.target, scores, parts)


def _part(job: AnyJob, *, how: CrossFitting, fold: Rows, unseen: Rows) -> TableData:
    data = how.everything(job)
    data.parts = (fold, unseen)
    return data
