"""Smaller ways to serve a fitted model: quantized, pruned, distilled."""

import logging
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import onnx
import torch
from lightning.pytorch import LightningDataModule, LightningModule

from components.bundle import Content, Manifest, read_bundle, write_bundle
from components.cases.finance_risk.assemble import (
    LEARNER,
    learner_graph,
    make_manifest,
    make_settings,
    network_scores,
)
from components.cases.finance_risk.params import BinaryJob
from components.cases.finance_risk.training import TRAINING
from components.compression.prune import HoldMasks, apply_masks, magnitude_masks
from components.compression.quantize import Feed, int8_dynamic, int8_static
from components.contracts import BUNDLE
from components.datamodules.table import Rows, TableData
from components.learners.binary import BinaryLearner
from components.params import override
from components.predictors.table.predictor import open_predictor
from components.training.fit import build, fit

log = logging.getLogger(__name__)

FP32, WEIGHTS = "fp32", "learner.pt"


def make_variants(job: BinaryJob, fitted: Path, work: Path) -> Mapping[str, Path]:
    """A bundle folder for the fitted model and for each variant that the params ask for."""
    makers = {"int8_dynamic": _int8_dynamic, "int8_static": _int8_static, "pruned": _pruned, "distilled": _distilled}
    folders = {FP32: fitted / BUNDLE}
    for name in job.params.compress.variants:
        log.info("variant %s", name)
        folders[name] = work / name
        makers[name](job, fitted, folders[name])
    return folders


def _int8_dynamic(_job: BinaryJob, fitted: Path, folder: Path) -> None:
    graph = folder.with_suffix(".onnx")
    int8_dynamic(fitted / BUNDLE / f"{LEARNER}.onnx", graph)
    _with_graph(fitted / BUNDLE, graph.read_bytes(), folder)


def _int8_static(job: BinaryJob, fitted: Path, folder: Path) -> None:
    rows = TableData(job.paths.prepared(job.case), job.params.fit).parts[0]
    graph = folder.with_suffix(".onnx")
    source = fitted / BUNDLE / f"{LEARNER}.onnx"
    names = {put.name for put in onnx.load(source, load_external_data=False).graph.input}
    int8_static(source, graph, _feeds(rows, names, job.params.compress.calibration_rows))
    _with_graph(fitted / BUNDLE, graph.read_bytes(), folder)


def _feeds(rows: Rows, names: Collection[str], count: int, batch: int = 64) -> list[Feed]:
    """The first `count` training rows in batches, by the `names` of the inputs that the graph kept."""
    both = {"numeric": rows.encoded.numeric[:count], "categorical": rows.encoded.categorical[:count]}
    kept = {name: values for name, values in both.items() if name in names}
    return [
        {name: values[start : start + batch] for name, values in kept.items()}
        for start in range(0, min(count, len(rows.target)), batch)
    ]


def _with_graph(bundle: Path, graph: bytes, folder: Path) -> None:
    """A copy of a bundle whose learner is another graph."""
    source = read_bundle(bundle, threads=1)
    contents: dict[str, Content] = {**source.contents(), f"{LEARNER}.onnx": graph}
    write_bundle(folder, source.manifest, contents)


def _pruned(job: BinaryJob, fitted: Path, folder: Path) -> None:
    """The smallest weights set to zero, the rest trained on for a few epochs."""
    prune = job.params.compress.prune
    assert prune is not None  # params see to it that a variant that is named has its block
    masks = magnitude_masks(_restored(job, fitted).network, prune.amount)

    def start(_job: BinaryJob, _data: LightningDataModule) -> LightningModule:
        learner = _restored(job, fitted)
        apply_masks(learner.network, masks)
        return learner

    tuned = _with_fit(job, {"fit.max_epochs": prune.epochs, "fit.lr": job.params.fit.lr * prune.lr_factor})
    learner, _ = fit(
        tuned, replace(TRAINING, learner=start), state=folder.with_suffix(".fit"), callbacks=[HoldMasks(masks)]
    )
    data = TableData(job.paths.prepared(job.case), job.params.fit)
    _with_graph(fitted / BUNDLE, learner_graph(learner, data.encoder), folder)


def _restored(job: BinaryJob, fitted: Path) -> BinaryLearner:
    learner, _ = build(job, TRAINING)
    assert isinstance(learner, BinaryLearner)
    learner.load_state_dict(torch.load(fitted / WEIGHTS, map_location="cpu", weights_only=True))
    return learner


def _distilled(job: BinaryJob, fitted: Path, folder: Path) -> None:
    """A smaller network that learns the whole blend's probabilities (Hinton et al., 2015, arXiv:1503.02531).

    It is served alone: the blend's baselines are in it.
    """
    distill = job.params.compress.distill
    assert distill is not None
    smaller = {f"model.{name}": value for name, value in distill.model.items()}
    student = _with_fit(job, {**smaller, "fit.max_epochs": distill.epochs})
    teacher = open_predictor(fitted / BUNDLE)

    def datamodule(inner: BinaryJob) -> LightningDataModule:
        data = TableData(inner.paths.prepared(inner.case), inner.params.fit)
        train, held_out = data.parts
        soft = teacher.calibrator.apply(teacher.blend(train.encoded))
        mixed = distill.teacher_share * soft + (1 - distill.teacher_share) * train.target
        data.parts = (Rows(train.encoded, mixed), held_out)
        return data

    learner, _ = fit(student, replace(TRAINING, data=datamodule), state=folder.with_suffix(".fit"))
    data = TableData(job.paths.prepared(job.case), job.params.fit)
    held_out = data.parts[1]
    settings = make_settings(student, student.model, held_out.target, {LEARNER: network_scores(learner, held_out)})
    contents: dict[str, Content] = {
        "table.json": read_bundle(fitted / BUNDLE, threads=1).path("table.json"),
        f"{LEARNER}.onnx": learner_graph(learner, data.encoder),
    }
    manifest: Manifest = make_manifest(job, settings)
    write_bundle(folder, manifest, contents)


def _with_fit(job: BinaryJob, values: dict[str, Any]) -> BinaryJob:
    return replace(job, params=override(job.params, values))
