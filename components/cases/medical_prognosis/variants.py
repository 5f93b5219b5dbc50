"""Smaller ways to serve a fitted model: quantized, pruned, distilled."""

import logging
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import onnx
import torch
from lightning.pytorch import LightningDataModule, LightningModule

from components.bundle import Content, read_bundle, write_bundle
from components.cases.medical_prognosis.assemble import (
    LEARNER,
    SERVING,
    Blend,
    Network,
    learner_graph,
    write,
)
from components.cases.medical_prognosis.network import fit_baseline
from components.cases.medical_prognosis.params import SurvivalJob
from components.cases.medical_prognosis.training import TRAINING, everything, make_data
from components.compression.prune import HoldMasks, apply_masks, magnitude_masks
from components.compression.quantize import Feed, int8_dynamic, int8_static
from components.contracts import BUNDLE
from components.datamodules.cohort import CohortData, Patients, soft_outcome
from components.evaluation.survival import curves
from components.evaluation.survival.pool import Recalibration
from components.learners.survival import SurvivalLearner
from components.params import override
from components.predictors.survival.predictor import SurvivalPredictor, open_predictor
from components.training.fit import build, fit
from components.training.refit import on_everything

log = logging.getLogger(__name__)

FP32 = "fp32"
WHOLE = on_everything(TRAINING, everything)  # what is served was trained on all that is known
PRODUCTS = ("MatMul", "Gemm", "Einsum")  # eight bits have no steps for the exponential behind them


def make_variants(job: SurvivalJob, fitted: Path, work: Path) -> Mapping[str, Path]:
    """A bundle folder for the fitted model and for each variant that the params ask for."""
    makers = {"int8_dynamic": _int8_dynamic, "int8_static": _int8_static, "pruned": _pruned, "distilled": _distilled}
    folders = {FP32: fitted / BUNDLE}
    for name in job.params.compress.variants:
        log.info("variant %s", name)
        folders[name] = work / name
        makers[name](job, fitted, folders[name])
    return folders


def _int8_dynamic(_job: SurvivalJob, fitted: Path, folder: Path) -> None:
    graph = folder.with_suffix(".onnx")
    int8_dynamic(fitted / BUNDLE / f"{LEARNER}.onnx", graph)
    _with_graph(fitted / BUNDLE, graph.read_bytes(), folder)


def _int8_static(job: SurvivalJob, fitted: Path, folder: Path) -> None:
    rows = make_data(job, whole=True).parts[0]
    graph = folder.with_suffix(".onnx")
    source = fitted / BUNDLE / f"{LEARNER}.onnx"
    names = {put.name for put in onnx.load(source, load_external_data=False).graph.input}
    int8_static(source, graph, _feeds(rows, names, job.params.compress.calibration_rows), operators=PRODUCTS)
    _with_graph(fitted / BUNDLE, graph.read_bytes(), folder)


def _feeds(rows: Patients, names: Collection[str], count: int, batch: int = 64) -> list[Feed]:
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


def _pruned(job: SurvivalJob, fitted: Path, folder: Path) -> None:
    """The smallest weights set to zero, the rest trained on for a few epochs."""
    prune = job.params.compress.prune
    assert prune is not None  # params see to it that a variant that is named has its block
    masks = magnitude_masks(_restored(job, fitted).network, prune.amount)

    def start(_job: SurvivalJob, _data: LightningDataModule) -> LightningModule:
        learner = _restored(job, fitted)
        apply_masks(learner.network, masks)
        return learner

    tuned = _with_fit(job, {"fit.max_epochs": prune.epochs, "fit.lr": job.params.fit.lr * prune.lr_factor})
    learner, _ = fit(
        tuned, replace(WHOLE, learner=start), state=folder.with_suffix(".fit"), callbacks=[HoldMasks(masks)]
    )
    assert isinstance(learner, SurvivalLearner)
    data = make_data(job, whole=True)
    fit_baseline(learner, data.parts[0])
    _with_graph(fitted / BUNDLE, learner_graph(learner, data.encoder), folder)


def _restored(job: SurvivalJob, fitted: Path) -> SurvivalLearner:
    learner, _ = build(job, WHOLE)
    assert isinstance(learner, SurvivalLearner)
    learner.load_state_dict(torch.load(fitted / SERVING, map_location="cpu", weights_only=True))
    return learner


def _distilled(job: SurvivalJob, fitted: Path, folder: Path) -> None:
    """A smaller network that learns the whole blend's survival (Hinton et al., 2015, arXiv:1503.02531).

    It is served alone: the baselines and the recalibration are in it.
    """
    distill = job.params.compress.distill
    assert distill is not None
    smaller = {f"model.{name}": value for name, value in distill.model.items()}
    student = _with_fit(job, {**smaller, "fit.max_epochs": distill.epochs})
    teacher = open_predictor(fitted / BUNDLE)
    learner, _ = fit(
        student,
        replace(WHOLE, data=lambda inner: _soft_data(inner, teacher, distill.teacher_share)),
        state=folder.with_suffix(".fit"),
    )
    data = _soft_data(student, teacher, distill.teacher_share)
    alone = Blend({LEARNER: 1.0}, Recalibration(0.0, 1.0), teacher.settings.threshold)
    write(student, data, {LEARNER: Network(learner, data)}, alone, folder)


def _soft_data(job: SurvivalJob, teacher: SurvivalPredictor, share: float) -> CohortData:
    """Training rows whose outcome is to a `share` what the teacher expects."""
    data = make_data(job, whole=True)
    train, held_out = data.parts
    cumulative = curves.at(data.edges, teacher.times, teacher.cumulative(train.encoded))
    events, exposure = soft_outcome(cumulative)
    mixed = replace(
        train,
        events=share * events + (1 - share) * train.events,
        exposure=share * exposure + (1 - share) * train.exposure,
    )
    data.parts = (mixed, held_out)
    return data


def _with_fit(job: SurvivalJob, values: dict[str, Any]) -> SurvivalJob:
    return replace(job, params=override(job.params, values))
