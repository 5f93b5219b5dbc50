"""The members of the blend and the quantiles of its intervals: fitted on given rows, asked, and written as served."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from lightning.pytorch import LightningModule

from components.core.bundle import Content
from components.core.results import LEARNER
from components.kits.tables.encoding.encode import Encoded, TableEncoder
from components.kits.tables.learning.boosting import (
    GradientBoosting,
    monotone_constraints,
    tree_files,
)
from components.kits.tables.learning.crossfit import Terms
from components.kits.tables.learning.cut import cut_numbers
from components.kits.tables.learning.data import Rows
from components.kits.tables.learning.few import few_settings
from components.kits.tables.learning.graphs import network_answers, network_graph
from components.kits.tables.learning.tried import fit_likeliest
from components.recipes.regression.assembly.ridge import AdditiveRidge, fit_ridge
from components.recipes.regression.metrics.losses import LOSSES, row_losses
from components.recipes.regression.params import LossParams, ModelParams, RegressionJob
from components.recipes.regression.serving.predictor import QUANTILES
from components.recipes.regression.training.learner import NumberLearner
from components.recipes.regression.training.loss import loss_of

RIDGE, LIGHTGBM = "ridge", "lightgbm"


@dataclass(frozen=True)
class Members:
    """The learner, and what was fitted on the same rows; `quantiles` are the models of the low and the high one, where
    a method of the intervals asks for them.
    """

    learner: LightningModule
    ridge: AdditiveRidge
    trees: GradientBoosting
    quantiles: tuple[GradientBoosting, ...]

    def scores(self, rows: Rows) -> dict[str, np.ndarray]:
        """Answers `(N,)` by name, on the scale that targets are learned on, and quantiles `(N, 2)`."""
        unseen = (rows.encoded.numeric, rows.encoded.categorical)
        found = {
            LEARNER: network_scores(self.learner, rows.encoded),
            RIDGE: self.ridge.predict(*unseen),
            LIGHTGBM: self.trees.predict(*unseen),
        }
        if self.quantiles:
            found[QUANTILES] = np.column_stack([one.predict(*unseen) for one in self.quantiles])
        return found

    def contents(self, encoder: TableEncoder) -> dict[str, Content]:
        """The files of a bundle that answer for them."""
        quantiles = [graph for one in self.quantiles for graph in one.contents(QUANTILES, encoder).values()]
        return {
            f"{LEARNER}.onnx": learner_graph(self.learner, encoder),
            f"{RIDGE}.json": self.ridge.to_json(),
            **self.trees.contents(LIGHTGBM, encoder),
            **{
                f"{name}.onnx": graph
                for name, graph in zip(tree_files(QUANTILES, len(quantiles)), quantiles, strict=True)
            },
        }


def fit_members(
    job: RegressionJob, learner: LightningModule, rows: Rows, encoder: TableEncoder, terms: Terms
) -> Members:
    """The `learner`, and all others fitted on these rows."""
    ridge = fit_ridge(rows, encoder, job.model.ridge, loss_of(job), job.params.fit.seed)
    return Members(learner, ridge, fit_trees(job, rows, encoder, terms), fit_quantiles(rows, encoder, job.model))


def fit_trees(job: RegressionJob, rows: Rows, encoder: TableEncoder, terms: Terms) -> GradientBoosting:
    """LightGBM by those settings, and of as many trees, as the held-out rows say, or the folds of few rows."""
    params, loss, few = job.model.lightgbm, loss_of(job), few_settings(job) if terms.few else {}
    tried = [
        GradientBoosting(
            seeds=params.seeds,
            monotone=monotone_constraints(params.monotone, encoder),
            settings={**_objective(loss), **params.settings, **few, **settings},
            classes=None,
            patience=params.patience,
        )
        for settings in params.tried
    ]
    parts = cut_numbers(rows.target, None, job.model.few.folds, job.params.fit.seed) if terms.few else []
    like = None if terms.like is None else terms.like.trees
    losses = partial(row_losses, loss.kind)
    return fit_likeliest(tried, rows, encoder, parts, losses, held_out=terms.held_out, like=like)


def fit_quantiles(rows: Rows, encoder: TableEncoder, params: ModelParams) -> tuple[GradientBoosting, ...]:
    """LightGBM's models of both ends of the intervals; none where no method asks for them."""
    if set(params.intervals.methods) <= {"alike"}:
        return ()
    tail = (1 - params.intervals.coverage) / 2
    return tuple(
        GradientBoosting(
            seeds=1,
            settings={**params.intervals.trees, "objective": "quantile", "alpha": share},
            classes=None,
        ).fit(*rows.known(encoder))
        for share in (tail, 1 - tail)
    )


def network_scores(learner: LightningModule, rows: Encoded) -> np.ndarray:
    """Answers `(N,)` as they are served, on the scale that targets are learned on."""
    assert isinstance(learner, NumberLearner)
    return network_answers(learner.served, rows)


def learner_graph(learner: LightningModule, encoder: TableEncoder) -> bytes:
    assert isinstance(learner, NumberLearner)
    return network_graph(learner.served, encoder)


def _objective(loss: LossParams) -> dict[str, object]:
    objective: dict[str, object] = {"objective": LOSSES[loss.kind].objective}
    return {**objective, "tweedie_variance_power": loss.power} if loss.kind == "tweedie" else objective
