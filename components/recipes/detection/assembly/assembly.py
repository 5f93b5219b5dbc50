"""From a trained learner to bundles: the baseline, the confidences to serve from, a second fit on all that is known."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.pytorch import LightningDataModule, LightningModule

from components.compression.export import export_onnx
from components.core.bundle import Content, Manifest, write_bundle
from components.core.job import BUNDLE, PREPARED_FILES, SELECTION, TRAIN, VALIDATION
from components.core.params.overrides import override
from components.core.parts import Training
from components.core.results import LEARNER
from components.evaluation.gaps import largest_gap_over
from components.recipes.detection.assembly.segmentation import Example, choose_segmentation, region_grid
from components.recipes.detection.encoding.padding import stacked, truth
from components.recipes.detection.encoding.resize import padded, rescale
from components.recipes.detection.encoding.rows import ImageRow, read_rows
from components.recipes.detection.encoding.spec import Spec
from components.recipes.detection.metrics.matching import HALF, match
from components.recipes.detection.metrics.metrics import detection_metrics
from components.recipes.detection.params.params import PRIMARY, DetectionJob, ModelParams
from components.recipes.detection.serving.predictor import (
    SEGMENTATION,
    DetectionPredictor,
    DetectionSettings,
    TileSettings,
    open_predictor,
)
from components.recipes.detection.serving.segmentation import SegmentationModel
from components.recipes.detection.training.data import MULTIPLE, ImageData
from components.recipes.detection.training.learner import DetectionLearner
from components.recipes.detection.training.training import TRAINING, everything, make_data
from components.training.refit import fit_to_the_end, keep_result, on_everything, refit_state

log = logging.getLogger(__name__)

REFIT_WEIGHTS = "refit.pt"
PREDICTOR = "detection.predictor"
THRESHOLDS = np.arange(0.1, 0.9, 0.02).round(2)
ROOM = 1.25  # times the largest training object: so much do tiles overlap


def assemble(job: DetectionJob, learner: LightningModule, folder: Path) -> LightningModule:
    """Write `bundle/` into `folder`, and before a second fit `selection/`.

    The training images alone are known to the first fit; the validation images choose the baseline's settings and
    the confidence that is served. With `model.refit` the bundle's learner is trained on, on both.
    The bundle's learner is returned.
    """
    params, data = job.model, make_data(job, whole=False)
    first = folder / (SELECTION if params.refit else BUNDLE)
    baseline = segmentation(job, params, data)
    write(first, job, params, data, learner, baseline, [0.0] * len(data.spec.classes))
    thresholds = choose_thresholds(job, first, data.spec)
    log.info("served from the confidence: %s", dict(zip(data.spec.classes, thresholds, strict=True)))
    write(first, job, params, data, learner, baseline, thresholds)
    if not params.refit:
        return learner
    again = refit(job, learner)
    keep_result(refit_state(job, learner), folder)
    torch.save(again.state_dict(), folder / REFIT_WEIGHTS)
    write(folder / BUNDLE, job, params, data, again, baseline, thresholds)
    return again


def refit(job: DetectionJob, learner: LightningModule) -> LightningModule:
    """The learner trained on, with the validation images too.

    Its checkpoints belong to the weights it starts from: a killed run goes on, another one starts anew.
    """
    params = job.model.refit
    assert params is not None
    state = refit_state(job, learner)
    again = replace(
        job,
        params=override(job.params, {"fit.max_epochs": params.epochs, "fit.lr": job.params.fit.lr * params.lr_factor}),
    )

    def start(inner: DetectionJob, data: LightningDataModule) -> LightningModule:
        fresh = TRAINING.learner(inner, data)
        fresh.load_state_dict(learner.state_dict())
        return fresh

    log.info("training on, with the validation images")
    return fit_on_all(again, replace(TRAINING, learner=start), state)


def fit_on_all(job: DetectionJob, training: Training, state: Path) -> LightningModule:
    """The learner after its last epoch on training and validation images."""
    return fit_to_the_end(job, on_everything(training, everything), state)


def write(
    folder: Path,
    job: DetectionJob,
    params: ModelParams,
    data: ImageData,
    learner: LightningModule,
    baseline: dict[str, Any],
    thresholds: list[float],
) -> None:
    contents: dict[str, Content] = {f"{LEARNER}.onnx": learner_graph(learner), f"{SEGMENTATION}.json": baseline}
    settings = make_settings(params, data, thresholds)
    write_bundle(folder, Manifest.of(job.case, PREDICTOR, (LEARNER,), settings), contents)


def make_settings(params: ModelParams, data: ImageData, thresholds: list[float]) -> DetectionSettings:
    margin = int(np.ceil(ROOM * data.sides.max() * data.scale / MULTIPLE)) * MULTIPLE
    tile = TileSettings(size=max(params.serving.tile, 2 * margin, margin + MULTIPLE), margin=margin)
    return DetectionSettings(
        spec=data.spec,
        scale=data.scale,
        stride=params.network.stride,
        reach=params.input.object_pixels / 2,
        thresholds=thresholds,
        tile=tile,
        **params.serving.model_dump(exclude={"tile"}),
        **params.answers,
    )


def learner_graph(learner: LightningModule) -> bytes:
    """The ONNX graph `image -> map` of the averaged weights, of any height and width that the strides divide."""
    assert isinstance(learner, DetectionLearner)
    example = {"image": torch.zeros(2, learner.served.channels, 2 * MULTIPLE, 3 * MULTIPLE)}
    return export_onnx(learner.served, example, "map", planes=("image", "map"))


def choose_thresholds(job: DetectionJob, bundle: Path, spec: Spec) -> list[float]:
    """For each class the confidence with the best F1 on the validation images; of equals the lowest."""
    predictor = open_predictor(bundle)
    rows = list(read_rows(job.paths.prepared(job.case) / PREPARED_FILES[VALIDATION]))
    found = stacked([predictor.find(row.decoded(spec)) for row in rows], predictor.settings.most)
    matches = match(truth(rows), found, len(spec.classes))
    chosen = []
    for label in range(len(spec.classes)):
        own, true = matches.label == label, matches.true[:, label].sum()
        kept = [own & (matches.confidence >= one) for one in THRESHOLDS]
        f1 = [2 * (one & matches.hit[HALF]).sum() / max(1, one.sum() + true) for one in kept]
        chosen.append(float(THRESHOLDS[int(np.argmax(f1))]))
    return chosen


def segmentation(job: DetectionJob, params: ModelParams, data: ImageData) -> dict[str, Any]:
    """The baseline fitted on training images, its settings chosen on validation ones."""
    asked, prepared = params.baseline, job.paths.prepared(job.case)
    train, held_out = (
        [row for row, _ in zip(read_rows(prepared / PREPARED_FILES[split]), range(asked.images), strict=False)]
        for split in (TRAIN, VALIDATION)
    )
    target, examples = truth(held_out), _examples(held_out, data)
    metric = detection_metrics(data.spec.classes, threshold=0.0)[PRIMARY]

    def quality(model: dict[str, Any]) -> float:
        found = SegmentationModel.model_validate(model)
        boxes = [found.find(image) for image, _, _ in examples]
        most = max(1, *(len(one) for one in boxes))
        scaled = [np.column_stack([one[:, :4] / data.scale, one[:, 4:]]) for one in boxes]
        return float(metric(target, stacked(scaled, most)))

    return choose_segmentation(
        _examples(train, data),
        region_grid(asked.objects, asked.smooth, asked.spacing),
        quality,
        classes=len(data.spec.classes),
        object_pixels=params.input.object_pixels,
    )


def _examples(rows: Sequence[ImageRow], data: ImageData) -> list[Example]:
    """Images as the network sees them, with boxes in its pixels."""
    return [
        (rescale(row.decoded(data.spec), data.scale), row.boxes * np.float32(data.scale), row.labels) for row in rows
    ]


def network_gap(job: DetectionJob, served: LightningModule, fitted: Path) -> float:
    """The largest difference between the maps of the network and of its graph in the bundle, of validation images."""
    return largest_gap_over(_maps(job, served, open_predictor(fitted / BUNDLE)))


@torch.no_grad()
def _maps(
    job: DetectionJob, served: LightningModule, predictor: DetectionPredictor
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Of each image the network's map and the graph's."""
    assert isinstance(served, DetectionLearner)
    network, graph = served.served.eval(), predictor.bundle.session(LEARNER)
    for row in read_rows(job.paths.prepared(job.case) / PREPARED_FILES[VALIDATION]):
        planes = padded(rescale(row.decoded(predictor.spec), predictor.settings.scale).transpose(2, 0, 1), MULTIPLE)
        image = np.ascontiguousarray(planes, np.float32)[None]
        yield network(torch.from_numpy(image)).numpy(), graph.run(["map"], {"image": image})[0]
