"""The members of the blend and the quantiles of its intervals: fitted on given rows, asked, and written as served."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from lightning.pytorch import LightningModule

from components.core.bundle import Content
from components.core.results import LEARNER
from components.kits.tables.encoding.encode import Encoded, TableEncoder
from components.kits.tables.learning.boosting import (
    GradientBoosting,
    fit_rounds,
    monotone_constraints,
    tree_files,
)
from components.kits.tables.learning.crossfit import Terms
from components.kits.tables.learning.cut import cut_numbers
from components.kits.tables.learning.data import Rows
from components.kits.tables.learning.few import few_settings
from components.kits.tables.learning.graphs import network_answers, network_graph
from components.recipes.regression.assembly.ridge import AdditiveRidge, fit_ridge
from components.recipes.regression.metrics.losses import LOSSES
from components.recipes.regression.params import ModelParams, RegressionJob
from components.recipes.regression.serving.predictor import QUANTILES
from components.recipes.regression.training.learner import NumberLearner

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
    params, more = job.model, few_settings(job) if terms.few else {}
    seed = job.params.fit.seed
    ridge = fit_ridge(rows, encoder, params, seed)
    return Members(
        learner,
        ridge,
        fit_trees(rows, encoder, params, more, terms, seed),
        fit_quantiles(rows, encoder, params, more),
    )


def fit_trees(
    rows: Rows, encoder: TableEncoder, params: ModelParams, more: Mapping[str, object], terms: Terms, seed: int
) -> GradientBoosting:
    """LightGBM by the params, with further settings of its own, as long as the `terms` say."""
    trees = GradientBoosting(
        seeds=params.lightgbm.seeds,
        monotone=monotone_constraints(params.lightgbm.monotone, encoder),
        settings={**_objective(params), **params.lightgbm.settings, **more},
        classes=None,
        patience=params.lightgbm.patience,
    )
    parts = cut_numbers(rows.target, None, params.few.folds, seed) if terms.few else []
    like = None if terms.like is None else terms.like.trees
    return fit_rounds(trees, rows, encoder, parts, held_out=terms.held_out, like=like)


def fit_quantiles(
    rows: Rows, encoder: TableEncoder, params: ModelParams, more: Mapping[str, object]
) -> tuple[GradientBoosting, ...]:
    """LightGBM's models of both ends of the intervals; none where no method asks for them."""
    if set(params.intervals.methods) <= {"alike"}:
        return ()
    tail = (1 - params.intervals.coverage) / 2
    return tuple(
        GradientBoosting(
            seeds=1,
            settings={**params.intervals.trees, **more, "objective": "quantile", "alpha": share},
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


def _objective(params: ModelParams) -> dict[str, object]:
    objective: dict[str, object] = {"objective": LOSSES[params.loss.kind].objective}
    return {**objective, "tweedie_variance_power": params.loss.power} if params.loss.kind == "tweedie" else objective
