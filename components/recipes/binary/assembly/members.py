"""The members of the blend: fitted on given rows, asked, and written as they are served."""

from collections.abc import Mapping

import numpy as np
from lightning.pytorch import LightningModule

from components.kits.tables.encoding.encode import Encoded, TableEncoder
from components.kits.tables.learning.boosting import GradientBoosting, monotone_constraints
from components.kits.tables.learning.classes import ClassMembers
from components.kits.tables.learning.crossfit import Terms
from components.kits.tables.learning.cut import cut_classes
from components.kits.tables.learning.data import Rows
from components.kits.tables.learning.few import few_settings, likeliest
from components.kits.tables.learning.graphs import network_answers, network_graph
from components.kits.tables.learning.logistic import AdditiveLogistic, logistic_families
from components.kits.tables.learning.splines import spline_design
from components.kits.tables.tabm import MeanProbability
from components.recipes.binary.metrics.rows import row_losses
from components.recipes.binary.params import BinaryJob, ModelParams
from components.recipes.binary.training.learner import BinaryLearner


def fit_members(
    job: BinaryJob, learner: LightningModule, rows: Rows, encoder: TableEncoder, terms: Terms
) -> ClassMembers:
    """The `learner`, and baselines fitted on these rows, as few ones are where they are."""
    params, served = job.model, served_network(learner)
    if not terms.few:
        return ClassMembers(served, fit_logistic(rows, encoder, params), fit_trees(rows, encoder, params))
    logistic = likeliest_logistic(rows, encoder, params, job.params.fit.seed)
    return ClassMembers(served, logistic, fit_trees(rows, encoder, params, few_settings(job)))


def fit_logistic(rows: Rows, encoder: TableEncoder, params: ModelParams) -> AdditiveLogistic:
    design = spline_design(params.logistic, encoder)
    return AdditiveLogistic(design=design, c=params.logistic.c).fit(*rows.known(encoder))


def likeliest_logistic(rows: Rows, encoder: TableEncoder, params: ModelParams, seed: int) -> AdditiveLogistic:
    """Lines by that penalty of `few.c` which answers rows best that were left out of the fit, or splines by theirs
    where they answer them surely better.
    """
    parts = cut_classes(rows.target, None, params.few.folds, seed)
    if not parts:
        return fit_logistic(rows, encoder, params)
    families = logistic_families(params.logistic, params.few.c, encoder)
    return likeliest(families, rows, encoder, parts, row_losses)().fit(*rows.known(encoder))


def fit_trees(
    rows: Rows, encoder: TableEncoder, params: ModelParams, settings: Mapping[str, object] | None = None
) -> GradientBoosting:
    """LightGBM by the params, with further `settings` of its own."""
    trees = GradientBoosting(
        seeds=params.lightgbm.seeds,
        monotone=monotone_constraints(params.lightgbm.monotone, encoder),
        settings={**params.lightgbm.settings, **(settings or {})},
        classes=2,
    )
    return trees.fit(*rows.known(encoder))


def network_scores(learner: LightningModule, rows: Encoded) -> np.ndarray:
    """Probabilities `(N,)` as they are served: the mean over the network's members."""
    return network_answers(served_network(learner), rows)


def learner_graph(learner: LightningModule, encoder: TableEncoder) -> bytes:
    """The ONNX graph `numeric, categorical -> score`."""
    return network_graph(served_network(learner), encoder)


def served_network(learner: LightningModule) -> MeanProbability:
    assert isinstance(learner, BinaryLearner)
    return MeanProbability(learner.network)
