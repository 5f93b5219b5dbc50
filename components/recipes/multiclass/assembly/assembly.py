"""From trained learners to a bundle: baselines, blend, calibration, typical rows."""

from pathlib import Path

from lightning.pytorch import LightningModule

from components.core.job import BUNDLE
from components.core.results import LEARNER
from components.evaluation.gaps import largest_gap_over
from components.kits.tables.learning.assembling import Assembling
from components.kits.tables.learning.crossfit import CrossFitting
from components.kits.tables.learning.cut import cut_classes
from components.recipes.multiclass.assembly import settings
from components.recipes.multiclass.assembly.members import fit_members, network_scores
from components.recipes.multiclass.metrics.metrics import log_loss
from components.recipes.multiclass.params import ClassesJob
from components.recipes.multiclass.serving.predictor import open_predictor
from components.recipes.multiclass.training.learner import ClassLearner
from components.recipes.multiclass.training.training import TRAINING, data_of, everything

LEAST_SHARE = 4
FITTING = CrossFitting(TRAINING, everything, fit_members, cut_classes, figure=("log loss", log_loss))
ASSEMBLING = Assembling(FITTING, data_of, settings, refits=lambda job: job.model.few.refit)


def assemble(job: ClassesJob, learner: LightningModule, folder: Path) -> LightningModule:
    """Write `bundle/` into `folder`, with the graph of the learner that is returned: the one given, or that of a second
    fit.
    """
    return ASSEMBLING.assemble(as_long(job, learner), learner, folder)


def as_long(job: ClassesJob, learner: LightningModule) -> ClassesJob:
    """The job of the fits that come after: as many epochs as the first was at its best after, with the whole schedule
    in them, since there are no held-out rows left to end them; a quarter of those that were asked for at least, because
    few validation rows say little.
    """
    assert isinstance(learner, ClassLearner)
    least = -(-job.params.fit.max_epochs // LEAST_SHARE)
    return job.with_values({"fit.max_epochs": max(least, int(learner.epochs))})


def network_gap(job: ClassesJob, learner: LightningModule, fitted: Path) -> float:
    """The largest difference between the probabilities of the network and of its graph in the bundle."""
    rows = data_of(job).parts[1]
    graph = open_predictor(fitted / BUNDLE).member_scores[LEARNER]
    return largest_gap_over([(network_scores(learner, rows.encoded), graph(rows.encoded))])
