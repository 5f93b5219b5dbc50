"""From trained learners to a bundle: baselines, blend, calibration, threshold, reference row."""

import logging
from pathlib import Path

from lightning.pytorch import LightningModule

from components.core.bundle import Content, write_bundle
from components.core.job import BUNDLE, SELECTION, Meta
from components.core.results import LEARNER
from components.evaluation.gaps import largest_gap_over
from components.recipes.binary.assembly.crossfit import can_cross_fit, cross_fit, fit_members
from components.recipes.binary.assembly.members import Members, fit_logistic, fit_trees, network_scores
from components.recipes.binary.assembly.settings import (
    Chosen,
    choose,
    choose_cross_fitted,
    make_manifest,
    make_settings,
)
from components.recipes.binary.params import BinaryJob
from components.recipes.binary.serving.predictor import open_predictor
from components.recipes.binary.training.data import TableData
from components.recipes.binary.training.training import TRAINING, data_of, everything
from components.training.refit import keep_result, refit, refit_state

log = logging.getLogger(__name__)


def assemble(job: BinaryJob, learner: LightningModule, folder: Path) -> LightningModule:
    """Write `bundle/` into `folder`, with the graph of the learner that is returned: the one given, or where rows are
    few that of a second fit.

    The baselines are trained on the training split. Blend, calibration and threshold rest on the
    validation split, which no member has learned from.
    """
    if can_cross_fit(job):
        return _assemble_few(job, learner, folder)
    data = data_of(job)
    train, held_out = data.parts
    members = Members(learner, fit_logistic(train, data.encoder, job.model), fit_trees(train, data.encoder, job.model))
    write(job, data, members, choose(job, job.model, held_out.target, members.scores(held_out)), folder / BUNDLE)
    return learner


def _assemble_few(job: BinaryJob, learner: LightningModule, folder: Path) -> LightningModule:
    """The same where rows are few: what is chosen rests on cross-fitted answers to training and validation rows.

    `selection/` has members that know the training rows alone, for who asks about the validation; those of `bundle/`
    have learned from both, and its network for as long as the first.
    """
    chosen = choose_cross_fitted(job, cross_fit(job, learner))
    log.info("few rows; blend: %s", ", ".join(f"{name} {weight:.2f}" for name, weight in chosen.weights.items()))
    data, whole = data_of(job), everything(job)
    write(job, data, fit_members(job, learner, data.parts[0], data.encoder), chosen, folder / SELECTION)
    again = refit(job, TRAINING, learner, everything)
    keep_result(refit_state(job, learner), folder)
    write(job, whole, fit_members(job, again, whole.parts[0], whole.encoder), chosen, folder / BUNDLE)
    return again


def write(job: BinaryJob, data: TableData, members: Members, chosen: Chosen, folder: Path) -> None:
    contents: dict[str, Content] = {
        "table.json": Meta.read(job.paths.prepared(job.case)).data,
        **members.contents(data.encoder),
    }
    write_bundle(folder, make_manifest(job, make_settings(job, job.model, chosen)), contents)


def network_gap(job: BinaryJob, learner: LightningModule, fitted: Path) -> float:
    """The largest difference between the probabilities of the network and of its graph in the bundle."""
    rows = data_of(job).parts[1]
    graph = open_predictor(fitted / BUNDLE).member_scores[LEARNER]
    return largest_gap_over([(network_scores(learner, rows.encoded), graph(rows.encoded))])
