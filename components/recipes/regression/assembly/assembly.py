"""From trained learners to a bundle: baselines, blend, correction, intervals, reference row."""

import logging
from pathlib import Path

import numpy as np
from lightning.pytorch import LightningModule

from components.core.job import BUNDLE
from components.core.results import LEARNER
from components.evaluation.gaps import largest_gap_over
from components.kits.tables.graph import TableGraph
from components.kits.tables.learning.assembling import Assembling
from components.kits.tables.learning.comparing import beats
from components.kits.tables.learning.crossfit import CrossFitting
from components.kits.tables.learning.cut import cut_numbers
from components.recipes.regression.assembly import settings
from components.recipes.regression.assembly.members import fit_members, network_scores
from components.recipes.regression.metrics.losses import row_losses
from components.recipes.regression.params import RegressionJob
from components.recipes.regression.serving.predictor import open_predictor
from components.recipes.regression.training.training import TRAINING, data_of, everything, units_of
from components.training.refit import fit_to_the_end, refit_state

log = logging.getLogger(__name__)


def scaled_error(target: np.ndarray, answer: np.ndarray) -> float:
    """The root of the mean squared error on the scale that members learn on; of two quantiles that of their middle."""
    middle = answer if answer.ndim == 1 else answer.mean(axis=1)
    return float(np.sqrt(((middle - target) ** 2).mean()))


FITTING = CrossFitting(TRAINING, everything, fit_members, cut_numbers, figure=("RMSE, scaled", scaled_error))
ASSEMBLING = Assembling(FITTING, data_of, settings, refits=lambda job: job.model.few.refit)


def assemble(job: RegressionJob, learner: LightningModule, folder: Path) -> LightningModule:
    """Write `bundle/` into `folder`, with the graph of the learner that is returned: the one given, or that of a second
    fit.
    """
    return ASSEMBLING.assemble(*as_long(job, learner), folder)


def as_long(job: RegressionJob, learner: LightningModule) -> tuple[RegressionJob, LightningModule]:
    """The job of the fits that come after, and what the first of them is: of few rows, which a network sees in few
    steps, `few.longer` times as many epochs, where their end answers the validation rows surely better.
    """
    longer, epochs = job.model.few.longer, job.params.fit.max_epochs
    if longer == 1 or not FITTING.is_for(job):
        return job, learner
    # Patience would end it by rows that are held out, of which there are none any more in the fits that come after.
    long = job.with_values({"fit.max_epochs": longer * epochs, "fit.patience": longer * epochs})
    state = refit_state(job, learner, "longer") / f"{longer * epochs}-epochs"
    again = fit_to_the_end(long, TRAINING, state)
    rows, units = data_of(job).parts[1], units_of(job)
    losses = [
        row_losses(units.kind, units.told(rows.target), units.told(network_scores(one, rows.encoded)))
        for one in (again, learner)
    ]
    better = beats(*losses)
    told = (longer * epochs, "better" if better else "no better", *(np.sqrt(one.mean()) for one in losses))
    log.info("few rows; %d epochs answer the validation rows surely %s: RMSE %.4g, and %.4g before", *told)
    return (long, again) if better else (job, learner)


def network_gap(job: RegressionJob, learner: LightningModule, fitted: Path) -> float:
    """The largest difference between what the network answers and its graph in the bundle, on the scale that it learns
    on: in deviations of the target.
    """
    rows = data_of(job).parts[1].encoded
    graph = TableGraph(open_predictor(fitted / BUNDLE).bundle, LEARNER, "score")
    return largest_gap_over([(network_scores(learner, rows), graph(rows))])
