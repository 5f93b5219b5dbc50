"""Smaller ways to serve a fitted detector: in eight bits, with fewer channels, or a smaller network that it teaches."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.pytorch import LightningDataModule, LightningModule

from components.bundle import read_bundle, write_bundle
from components.cases.medical_cells.assemble import REFIT_WEIGHTS, fit_on_all, learner_graph
from components.cases.medical_cells.network import make_learner
from components.cases.medical_cells.params import DetectionJob
from components.cases.medical_cells.serve import read_split
from components.cases.medical_cells.training import TRAINING
from components.compression.channels import prune_channels
from components.compression.quantize import Feed, int8_static
from components.contracts import BUNDLE, TRAIN, Training
from components.datamodules.images.data import MULTIPLE, ImageData
from components.errors import CasebookError
from components.learners.detection.distillation import DistillationLearner
from components.learners.detection.learner import DetectionLearner
from components.params import override
from components.predictors.detection.predictor import LEARNER, open_predictor
from components.preparation.images.encoding.resize import padded, rescale
from components.training.fit import build, fit

log = logging.getLogger(__name__)

FP32, WEIGHTS = "fp32", "learner.pt"
HIDDEN = "model.network.hidden"


def make_variants(job: DetectionJob, fitted: Path, work: Path) -> Mapping[str, Path]:
    """A bundle folder for the fitted model and for each variant that the params ask for."""
    makers = {"int8_static": _int8_static, "pruned": _pruned, "distilled": _distilled}
    folders = {FP32: fitted / BUNDLE}
    for name in job.params.compress.variants:
        if name not in makers:
            raise CasebookError(
                f"params.cases.{job.case}.compress.variants: {name!r} is none of this case's; "
                f"there are: {', '.join(makers)}"
            )
        log.info("variant %s", name)
        folders[name] = work / name
        makers[name](job, fitted, folders[name])
    return folders


def _int8_static(job: DetectionJob, fitted: Path, folder: Path) -> None:
    """Convolutions in eight bits; sums, the reading of the map and the first of them stay as they are.

    What distinguishes faint objects from what is around them is a small part of an image's range: in eight bits it is
    lost in the first layer.
    """
    source, graph = fitted / BUNDLE / f"{LEARNER}.onnx", folder.with_suffix(".onnx")
    int8_static(source, graph, _feeds(job, fitted), operators=["Conv"], per_channel=True, kept="image")
    _with_graph(fitted / BUNDLE, graph.read_bytes(), folder)


def _feeds(job: DetectionJob, fitted: Path) -> list[Feed]:
    """The first training images, as the network is given them."""
    predictor = open_predictor(fitted / BUNDLE)
    feeds: list[Feed] = []
    for row, _ in zip(read_split(job, TRAIN), range(job.params.compress.calibration_rows), strict=False):
        image = rescale(row.decoded(predictor.spec), predictor.settings.scale)
        feeds.append({"image": padded(image.transpose(2, 0, 1), MULTIPLE)[None].astype(np.float32)})
    return feeds


def _with_graph(bundle: Path, graph: bytes, folder: Path) -> None:
    """A copy of a bundle whose learner is another graph."""
    source = read_bundle(bundle, threads=1)
    write_bundle(folder, source.manifest, {**source.contents(), f"{LEARNER}.onnx": graph})


def _pruned(job: DetectionJob, fitted: Path, folder: Path) -> None:
    """The weakest channels inside blocks and heads taken out, the rest trained on for a few epochs."""
    prune = job.params.compress.prune
    assert prune is not None  # params see to it that a variant that is named has its block
    values = {
        HIDDEN: job.model.network.hidden * (1 - prune.amount),
        "fit.max_epochs": prune.epochs,
        "fit.lr": job.params.fit.lr * prune.lr_factor,
    }
    whole = _restored(job, fitted)

    def start(inner: DetectionJob, data: LightningDataModule) -> LightningModule:
        learner = TRAINING.learner(inner, data)
        assert isinstance(learner, DetectionLearner)
        weights = prune_channels(whole.served.state_dict(), whole.served.hidden_layers(), learner.network.state_dict())
        learner.network.load_state_dict(weights)
        learner.served.load_state_dict(weights)
        return learner

    _train(_with(job, values), replace(TRAINING, learner=start), fitted, folder)


def _distilled(job: DetectionJob, fitted: Path, folder: Path) -> None:
    """A network of other sizes that learns the fitted one's answers."""
    distill = job.params.compress.distill
    assert distill is not None
    smaller = {f"model.{name}": value for name, value in distill.model.items()}
    teacher = _restored(job, fitted).served

    def start(inner: DetectionJob, data: LightningDataModule) -> LightningModule:
        assert isinstance(data, ImageData)
        return make_learner(
            inner, data, inner.model, kind=DistillationLearner, teacher=teacher, taught=distill.teacher_share
        )

    _train(_with(job, {**smaller, "fit.max_epochs": distill.epochs}), replace(TRAINING, learner=start), fitted, folder)


def _train(job: DetectionJob, training: Training, fitted: Path, folder: Path) -> None:
    """A bundle of a learner trained on the images that the fitted one has learned from."""
    state = folder.with_suffix(".fit")
    learner = fit_on_all(job, training, state) if job.model.refit else fit(job, training, state=state)[0]
    _with_graph(fitted / BUNDLE, learner_graph(learner), folder)


def _restored(job: DetectionJob, fitted: Path) -> DetectionLearner:
    """The learner that is served: after the second fit where there is one."""
    learner, _ = build(job, TRAINING)
    assert isinstance(learner, DetectionLearner)
    weights = fitted / (REFIT_WEIGHTS if job.model.refit else WEIGHTS)
    learner.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    return learner


def _with(job: DetectionJob, values: dict[str, Any]) -> DetectionJob:
    return replace(job, params=override(job.params, values))
