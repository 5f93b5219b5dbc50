"""The members of the blend: fitted on given rows, asked, and written as they are served."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from lightning.pytorch import LightningModule

from components.core.bundle import Content
from components.core.job import Meta
from components.core.results import LEARNER
from components.kits.tables.encoding.encode import Encoded, TableEncoder
from components.kits.tables.learning.boosting import GradientBoosting
from components.kits.tables.learning.crossfit import Terms
from components.kits.tables.learning.cut import cut_classes
from components.kits.tables.learning.data import Rows
from components.kits.tables.learning.few import few_settings, likeliest
from components.kits.tables.learning.graphs import network_answers, network_graph
from components.kits.tables.learning.logistic import AdditiveLogistic, logistic_families
from components.kits.tables.learning.splines import spline_design
from components.recipes.multiclass.metrics.rows import row_losses
from components.recipes.multiclass.params import ClassesJob, ModelParams, classes_of
from components.recipes.multiclass.training.learner import ClassLearner, MeanShare

LOGISTIC, LIGHTGBM = "logistic", "lightgbm"


@dataclass(frozen=True)
class Members:
    """The learner, and the baselines that were fitted on the same rows."""

    learner: LightningModule
    logistic: AdditiveLogistic
    trees: GradientBoosting

    def scores(self, rows: Rows) -> dict[str, np.ndarray]:
        """Probabilities `(N, C)` by name."""
        unseen = (rows.encoded.numeric, rows.encoded.categorical)
        return {
            LEARNER: network_scores(self.learner, rows.encoded),
            LOGISTIC: self.logistic.predict(*unseen),
            LIGHTGBM: self.trees.predict(*unseen),
        }

    def contents(self, encoder: TableEncoder) -> dict[str, Content]:
        """The files of a bundle that answer for them."""
        return {
            f"{LEARNER}.onnx": learner_graph(self.learner, encoder),
            f"{LOGISTIC}.json": self.logistic.to_json(),
            **self.trees.contents(LIGHTGBM, encoder),
        }


def fit_members(job: ClassesJob, learner: LightningModule, rows: Rows, encoder: TableEncoder, terms: Terms) -> Members:
    """The `learner`, and baselines fitted on these rows, as few ones are where they are."""
    few = terms.few
    return Members(learner, fit_logistic(job, rows, encoder, few=few), fit_trees(job, rows, encoder, few=few))


def fit_logistic(job: ClassesJob, rows: Rows, encoder: TableEncoder, *, few: bool) -> AdditiveLogistic:
    """Splines by the penalty of the params; of few rows lines by that of `few.c` which answers rows best that were left
    out of the fit, or splines where they answer them surely better.
    """
    params = job.model
    parts = cut_classes(rows.target, None, params.few.folds, job.params.fit.seed) if few else []
    if parts:
        families = logistic_families(params.logistic, params.few.c, encoder)
        return likeliest(families, rows, encoder, parts, row_losses)().fit(*rows.known(encoder))
    design = spline_design(params.logistic, encoder)
    return AdditiveLogistic(design=design, c=params.logistic.c).fit(*rows.known(encoder))


def fit_trees(job: ClassesJob, rows: Rows, encoder: TableEncoder, *, few: bool) -> GradientBoosting:
    params: ModelParams = job.model
    settings: Mapping[str, object] = {**params.lightgbm.settings, **(few_settings(job) if few else {})}
    classes = len(classes_of(Meta.read(job.paths.prepared(job.case)).data))
    return GradientBoosting(seeds=params.lightgbm.seeds, settings=settings, classes=classes).fit(*rows.known(encoder))


def network_scores(learner: LightningModule, rows: Encoded) -> np.ndarray:
    """Probabilities `(N, C)` as they are served: the mean over the network's members."""
    return network_answers(served_network(learner), rows)


def learner_graph(learner: LightningModule, encoder: TableEncoder) -> bytes:
    """The ONNX graph `numeric, categorical -> score`."""
    return network_graph(served_network(learner), encoder)


def served_network(learner: LightningModule) -> MeanShare:
    assert isinstance(learner, ClassLearner)
    return MeanShare(learner.network)
