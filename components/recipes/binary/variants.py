"""Smaller ways to serve a fitted model: quantized, pruned, distilled."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from lightning.pytorch import LightningDataModule

from components.compression.make import NotMadeError, fit_state
from components.core.bundle import Content, read_bundle, write_bundle
from components.core.job import BUNDLE, SELECTION, WEIGHTS
from components.core.params.case import DistillParams, Int8DynamicParams, Int8StaticParams, PruneParams
from components.core.parts import Maker
from components.core.results import LEARNER
from components.recipes.binary.assembly.members import learner_graph, network_scores
from components.recipes.binary.assembly.settings import choose, make_manifest, make_settings
from components.recipes.binary.params import BinaryJob
from components.recipes.binary.serving.predictor import open_predictor
from components.recipes.binary.training.data import Rows, TableData
from components.recipes.binary.training.training import TRAINING
from components.recipes.shared import retraining, variants
from components.training.fit import fit


def int8_dynamic(_job: BinaryJob, _params: Int8DynamicParams, fitted: Path, folder: Path) -> None:
    variants.int8_dynamic(fitted / BUNDLE, LEARNER, folder)


def int8_static(job: BinaryJob, params: Int8StaticParams, fitted: Path, folder: Path) -> None:
    rows = table_data(job).parts[0].encoded
    inputs = {"numeric": rows.numeric, "categorical": rows.categorical}
    feeds = variants.first_feeds(fitted / BUNDLE / f"{LEARNER}.onnx", inputs, params.calibration_rows)
    variants.int8_static(fitted / BUNDLE, LEARNER, folder, feeds)


def pruned(job: BinaryJob, params: PruneParams, fitted: Path, folder: Path) -> None:
    _check_rows_are_left(fitted)
    learner = retraining.pruned(job, TRAINING, params, fitted / WEIGHTS, fit_state(folder))
    graph = learner_graph(learner, table_data(job).encoder)
    variants.replaced(fitted / BUNDLE, {f"{LEARNER}.onnx": graph}, folder)


def distilled(job: BinaryJob, params: DistillParams, fitted: Path, folder: Path) -> None:
    """A smaller network that learns the whole blend's probabilities. It is served alone: the baselines are in it."""
    _check_rows_are_left(fitted)
    student, teacher = retraining.student(job, params), open_predictor(fitted / BUNDLE)

    def datamodule(inner: BinaryJob) -> LightningDataModule:
        data = table_data(inner)
        train, held_out = data.parts
        soft = teacher.calibrator.apply(teacher.blend(train.encoded))
        mixed = params.teacher_share * soft + (1 - params.teacher_share) * train.target
        data.parts = (Rows(train.encoded, mixed), held_out)
        return data

    learner, _ = fit(student, replace(TRAINING, data=datamodule), state=fit_state(folder))
    data = table_data(job)
    held_out = data.parts[1]
    scores = {LEARNER: network_scores(learner, held_out.encoded)}
    settings = make_settings(student, student.model, choose(student, student.model, held_out.target, scores))
    contents: dict[str, Content] = {
        "table.json": read_bundle(fitted / BUNDLE, threads=1).path("table.json"),
        f"{LEARNER}.onnx": learner_graph(learner, data.encoder),
    }
    write_bundle(folder, make_manifest(job, settings), contents)


def _check_rows_are_left(fitted: Path) -> None:
    """Raises NotMadeError if all rows but the test's have taught the model: none would tell a worse network."""
    if (fitted / SELECTION).is_dir():
        raise NotMadeError(
            "training and validation have fewer rows than model.few.rows, and the model has learned from all of them, "
            "so that none are left to judge a network by that is trained again"
        )


def table_data(job: BinaryJob) -> TableData:
    return TableData(job.paths.prepared(job.case), job.params.fit)


VARIANTS: Mapping[str, Maker] = {
    "int8_dynamic": int8_dynamic,
    "int8_static": int8_static,
    "pruned": pruned,
    "distilled": distilled,
}
