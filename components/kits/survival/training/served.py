"""A trained network of hazards as it is served: asked for its mean, and written as a graph."""

import numpy as np
import torch
from lightning.pytorch import LightningModule
from torch import Tensor

from components.compression.export import export_onnx
from components.core.bundle import Content
from components.kits.survival.training.data import CohortData, Patients
from components.kits.survival.training.learner import HazardLearner
from components.kits.survival.training.network import MeanHazard, fit_baseline
from components.kits.tables.encoding.encode import TableEncoder

SERVING = "serving.pt"  # the weights of the network in the bundle


class Network:
    """A trained learner, asked and written as the baselines are."""

    def __init__(self, learner: LightningModule, data: CohortData) -> None:
        assert isinstance(learner, HazardLearner)
        fit_baseline(learner.network, data.parts[0])
        self.learner, self.data = learner, data

    def contents(self, name: str, _times: np.ndarray) -> dict[str, Content]:
        return {f"{name}.onnx": learner_graph(self.learner, self.data.encoder)}


@torch.no_grad()
def network_hazards(learner: LightningModule, rows: Patients) -> np.ndarray:
    """What each interval adds to the cumulative hazard as it is served, `(N, J)`, or of K causes `(N, K, J)`."""
    assert isinstance(learner, HazardLearner)
    numeric, categorical, *_ = rows.tensors()
    answer: Tensor = MeanHazard(learner.network).eval()(numeric, categorical)
    return answer.numpy().astype(np.float64)


def learner_graph(learner: HazardLearner, encoder: TableEncoder) -> bytes:
    """The ONNX graph `numeric, categorical -> hazard`."""
    example = {
        "numeric": torch.zeros(2, len(encoder.numeric_names)),
        "categorical": torch.zeros(2, len(encoder.categorical_names), dtype=torch.long),
    }
    return export_onnx(MeanHazard(learner.network), example, "hazard")
