"""Smaller ways to serve a fitted detector: in eight bits, with fewer channels, or a smaller network that it teaches."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from lightning.pytorch import LightningDataModule, LightningModule

from components.compression.channels import prune_channels
from components.compression.make import fit_state
from components.compression.quantize import Feed
from components.core.job import BUNDLE, TRAIN, WEIGHTS
from components.core.params.case import DistillParams, Int8StaticParams, PruneParams
from components.core.parts import Maker, Training
from components.core.results import LEARNER
from components.recipes.detection.assembly.assembly import REFIT_WEIGHTS, fit_on_all, learner_graph
from components.recipes.detection.encoding.resize import padded, rescale
from components.recipes.detection.params.params import DetectionJob
from components.recipes.detection.serving.predictor import open_predictor
from components.recipes.detection.serving.serving import read_split
from components.recipes.detection.training.data import MULTIPLE, ImageData
from components.recipes.detection.training.distillation import DistillationLearner
from components.recipes.detection.training.learner import DetectionLearner
from components.recipes.detection.training.network import make_learner
from components.recipes.detection.training.training import TRAINING
from components.recipes.shared import retraining, variants
from components.training.fit import fit

HIDDEN = "model.network.hidden"


def int8_static(job: DetectionJob, params: Int8StaticParams, fitted: Path, folder: Path) -> None:
    """Convolutions in eight bits; sums, the reading of the map and the first of them stay as they are.

    What distinguishes faint objects from what is around them is a small part of an image's range: in eight bits it is
    lost in the first layer.
    """
    feeds = _feeds(job, fitted, params.calibration_rows)
    variants.int8_static(fitted / BUNDLE, LEARNER, folder, feeds, operators=["Conv"], per_channel=True, kept="image")


def _feeds(job: DetectionJob, fitted: Path, count: int) -> list[Feed]:
    """The first training images, as the network is given them."""
    predictor = open_predictor(fitted / BUNDLE)
    feeds: list[Feed] = []
    for row, _ in zip(read_split(job, TRAIN), range(count), strict=False):
        image = rescale(row.decoded(predictor.spec), predictor.settings.scale)
        feeds.append({"image": padded(image.transpose(2, 0, 1), MULTIPLE)[None].astype(np.float32)})
    return feeds


def pruned(job: DetectionJob, params: PruneParams, fitted: Path, folder: Path) -> None:
    """The weakest channels inside blocks and heads taken out, the rest trained on for a few epochs."""
    tuned = retraining.tuned(job, params, {HIDDEN: job.model.network.hidden * (1 - params.amount)})
    whole = _served(job, fitted)

    def start(inner: DetectionJob, data: LightningDataModule) -> LightningModule:
        learner = TRAINING.learner(inner, data)
        assert isinstance(learner, DetectionLearner)
        weights = prune_channels(whole.served.state_dict(), whole.served.hidden_layers(), learner.network.state_dict())
        learner.network.load_state_dict(weights)
        learner.served.load_state_dict(weights)
        return learner

    _train(tuned, replace(TRAINING, learner=start), fitted, folder)


def distilled(job: DetectionJob, params: DistillParams, fitted: Path, folder: Path) -> None:
    """A network of other sizes that learns the fitted one's answers."""
    teacher = _served(job, fitted).served

    def start(inner: DetectionJob, data: LightningDataModule) -> LightningModule:
        assert isinstance(data, ImageData)
        return make_learner(
            inner, data, inner.model, kind=DistillationLearner, teacher=teacher, taught=params.teacher_share
        )

    _train(retraining.student(job, params), replace(TRAINING, learner=start), fitted, folder)


def _train(job: DetectionJob, training: Training, fitted: Path, folder: Path) -> None:
    """A bundle of a learner trained on the images that the fitted one has learned from."""
    state = fit_state(folder)
    learner = fit_on_all(job, training, state) if job.model.refit else fit(job, training, state=state)[0]
    variants.replaced(fitted / BUNDLE, {f"{LEARNER}.onnx": learner_graph(learner)}, folder)


def _served(job: DetectionJob, fitted: Path) -> DetectionLearner:
    """The learner that is served: after the second fit where there is one."""
    learner = retraining.restored(job, TRAINING, fitted / (REFIT_WEIGHTS if job.model.refit else WEIGHTS))
    assert isinstance(learner, DetectionLearner)
    return learner


VARIANTS: Mapping[str, Maker] = {"int8_static": int8_static, "pruned": pruned, "distilled": distilled}
