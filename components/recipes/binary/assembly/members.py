"""The members of the blend: fitted on given rows, asked, and written as they are served."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from lightning.pytorch import LightningModule
from torch import Tensor

from components.compression.export import export_onnx
from components.core.bundle import Content
from components.core.results import LEARNER
from components.kits.tables.encoding.encode import Encoded, TableEncoder
from components.kits.tables.tabm import MeanProbability
from components.recipes.binary.assembly.baselines import GradientBoosting, SplineLogistic
from components.recipes.binary.params import ModelParams
from components.recipes.binary.training.data import Rows
from components.recipes.binary.training.learner import BinaryLearner

LOGISTIC, LIGHTGBM = "logistic", "lightgbm"


@dataclass(frozen=True)
class Members:
    """The learner, and the baselines that were fitted on the same rows."""

    learner: LightningModule
    logistic: SplineLogistic
    trees: GradientBoosting

    def scores(self, rows: Rows) -> dict[str, np.ndarray]:
        """Probabilities `(N,)` by name."""
        unseen = (rows.encoded.numeric, rows.encoded.categorical)
        return {
            LEARNER: network_scores(self.learner, rows.encoded),
            LOGISTIC: self.logistic.predict(*unseen),
            LIGHTGBM: self.trees.predict(*unseen),
        }

    def contents(self, encoder: TableEncoder) -> dict[str, Content]:
        """The files of a bundle that answer for them."""
        found: dict[str, Content] = {
            f"{LEARNER}.onnx": learner_graph(self.learner, encoder),
            f"{LOGISTIC}.json": self.logistic.to_json(),
        }
        for seed, graph in enumerate(self.trees.to_onnx(len(encoder.numeric_names) + sum(encoder.sizes))):
            found[f"{LIGHTGBM}-{seed}.onnx"] = graph.SerializeToString()
        return found


def fit_logistic(rows: Rows, encoder: TableEncoder, params: ModelParams) -> SplineLogistic:
    chosen = params.logistic
    logistic = SplineLogistic(knots=chosen.knots, c=chosen.c, columns=used_columns(chosen.leave_out, encoder))
    return logistic.fit(*known(rows, encoder))


def fit_trees(
    rows: Rows, encoder: TableEncoder, params: ModelParams, settings: Mapping[str, object] | None = None
) -> GradientBoosting:
    """LightGBM by the params, with further `settings` of its own."""
    trees = GradientBoosting(
        seeds=params.lightgbm.seeds,
        monotone=monotone_constraints(params.lightgbm.monotone, encoder),
        settings={**params.lightgbm.settings, **(settings or {})},
    )
    return trees.fit(*known(rows, encoder))


def known(rows: Rows, encoder: TableEncoder) -> tuple[np.ndarray, np.ndarray, np.ndarray, tuple[int, ...]]:
    """What a baseline is fitted on: numeric and categorical columns, the target, and how many codes there are."""
    return rows.encoded.numeric, rows.encoded.categorical, rows.target, encoder.sizes


def used_columns(leave_out: Sequence[str], encoder: TableEncoder) -> list[int]:
    """Where the numeric columns stand that are not left out, nor tell that one left out is missing."""
    absent = {*leave_out, *(f"{name} missing" for name in leave_out)}
    return [place for place, name in enumerate(encoder.numeric_names) if name not in absent]


def monotone_constraints(signs: Mapping[str, int], encoder: TableEncoder) -> list[int]:
    """A constraint for each column that LightGBM sees, 0 where `signs` has none."""
    return [signs.get(name, 0) for name in encoder.numeric_names] + [0] * sum(encoder.sizes)


@torch.no_grad()
def network_scores(learner: LightningModule, rows: Encoded) -> np.ndarray:
    """Probabilities `(N,)` as they are served: the mean over the network's members."""
    answer: Tensor = served_network(learner)(torch.from_numpy(rows.numeric), torch.from_numpy(rows.categorical))
    return answer.numpy().astype(np.float64)


def served_network(learner: LightningModule) -> MeanProbability:
    assert isinstance(learner, BinaryLearner)
    return MeanProbability(learner.network).eval()


def learner_graph(learner: LightningModule, encoder: TableEncoder) -> bytes:
    """The ONNX graph `numeric, categorical -> score`."""
    example = {
        "numeric": torch.zeros(2, len(encoder.numeric_names)),
        "categorical": torch.zeros(2, len(encoder.categorical_names), dtype=torch.long),
    }
    return export_onnx(served_network(learner), example, "score")
