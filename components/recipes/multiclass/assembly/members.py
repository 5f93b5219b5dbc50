"""The members of the blend: fitted on given rows, asked, and written as they are served."""

import numpy as np
from lightning.pytorch import LightningModule

from components.core.job import Meta
from components.kits.tables.encoding.encode import Encoded, TableEncoder
from components.kits.tables.learning.boosting import GradientBoosting
from components.kits.tables.learning.classes import ClassMembers
from components.kits.tables.learning.crossfit import Terms
from components.kits.tables.learning.cut import Parts, cut_classes
from components.kits.tables.learning.data import Rows
from components.kits.tables.learning.few import few_settings, likeliest
from components.kits.tables.learning.graphs import network_answers, network_graph
from components.kits.tables.learning.logistic import AdditiveLogistic, logistic_families
from components.kits.tables.learning.tried import fit_likeliest
from components.recipes.multiclass.metrics.rows import row_losses
from components.recipes.multiclass.params import ClassesJob, classes_of
from components.recipes.multiclass.training.learner import ClassLearner, MeanShare


def fit_members(
    job: ClassesJob, learner: LightningModule, rows: Rows, encoder: TableEncoder, terms: Terms
) -> ClassMembers:
    """The `learner`, and baselines fitted on these rows."""
    return ClassMembers(
        served_network(learner), fit_logistic(job, rows, encoder, terms), fit_trees(job, rows, encoder, terms)
    )


def fit_logistic(job: ClassesJob, rows: Rows, encoder: TableEncoder, terms: Terms) -> AdditiveLogistic:
    """Splines by that penalty which answers the held-out rows best; of few rows lines, by that which answers rows best
    that were left out of the fit, or splines where they answer them surely better.
    """
    params, known = job.model.logistic, rows.known(encoder)
    if terms.like is not None:
        before: AdditiveLogistic = terms.like.logistic
        return before.anew().fit(*known)
    families = logistic_families(params, params.c, encoder)
    if parts := _folds(job, rows, terms):
        return likeliest(families, rows, encoder, parts, row_losses)().fit(*known)
    fitted = [make().fit(*known) for make in families[-1]]
    unseen = terms.held_out or rows
    asked = (unseen.encoded.numeric, unseen.encoded.categorical)
    return min(fitted, key=lambda one: float(row_losses(unseen.target, one.predict(*asked)).mean()))


def fit_trees(job: ClassesJob, rows: Rows, encoder: TableEncoder, terms: Terms) -> GradientBoosting:
    """LightGBM by those settings, and of as many trees, as the held-out rows say, or the folds of few rows."""
    params, few = job.model.lightgbm, few_settings(job) if terms.few else {}
    classes = len(classes_of(Meta.read(job.paths.prepared(job.case)).data))
    tried = [
        GradientBoosting(
            seeds=params.seeds,
            settings={**params.settings, **few, **settings},
            classes=classes,
            patience=params.patience,
        )
        for settings in params.tried
    ]
    like = None if terms.like is None else terms.like.trees
    parts = _folds(job, rows, terms)
    return fit_likeliest(tried, rows, encoder, parts, row_losses, held_out=terms.held_out, like=like)


def _folds(job: ClassesJob, rows: Rows, terms: Terms) -> Parts:
    """Of few rows; of others there are some that are held out."""
    return cut_classes(rows.target, None, job.model.few.folds, job.params.fit.seed) if terms.few else []


def network_scores(learner: LightningModule, rows: Encoded) -> np.ndarray:
    """Probabilities `(N, C)` as they are served: the mean over the network's members."""
    return network_answers(served_network(learner), rows)


def learner_graph(learner: LightningModule, encoder: TableEncoder) -> bytes:
    """The ONNX graph `numeric, categorical -> score`."""
    return network_graph(served_network(learner), encoder)


def served_network(learner: LightningModule) -> MeanShare:
    assert isinstance(learner, ClassLearner)
    return MeanShare(learner.network)
