"""From the trained learner to a bundle: its graph, and the baseline that it has to beat."""

from pathlib import Path

import torch
from lightning.pytorch import LightningModule
from sklearn.linear_model import Ridge
from torch import nn

from components.compression.export import export_onnx
from components.core.bundle import Manifest, write_bundle
from components.core.job import BUNDLE, TRAIN, VALIDATION, Meta
from components.evaluation.gaps import largest_gap
from components.recipes.shared.rows import TARGET, read_split
from components.recipes.shared.template.params import NumberJob
from components.recipes.shared.template.serving import open_predictor
from components.recipes.shared.template.training import NumberLearner, tensors


def assemble(job: NumberJob, learner: LightningModule, folder: Path) -> LightningModule:
    data, rows = Meta.read(job.paths.prepared(job.case)).data, read_split(job, TRAIN)
    ridge = Ridge(alpha=job.model.ridge).fit(rows[data["columns"]].to_numpy(), rows[TARGET])
    graph = export_onnx(network_of(learner), {"numbers": torch.zeros(2, len(data["columns"]))}, "score")
    baseline = {"weights": ridge.coef_.tolist(), "intercept": float(ridge.intercept_)}
    manifest = Manifest.of(job.case, "shared.template.serving", ["learner"])
    write_bundle(folder / BUNDLE, manifest, {"learner.onnx": graph, "ridge.json": baseline, "rows.json": data})
    return learner


def network_of(learner: LightningModule) -> nn.Module:
    assert isinstance(learner, NumberLearner)
    return learner.network


@torch.no_grad()
def network_gap(job: NumberJob, served: LightningModule, fitted: Path) -> float:
    answer = network_of(served)(tensors(job, VALIDATION)[0])[:, 0].numpy()
    return largest_gap(answer, open_predictor(fitted / BUNDLE).score(read_split(job, VALIDATION)))
