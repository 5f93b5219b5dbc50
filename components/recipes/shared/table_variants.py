"""Smaller ways to serve a fitted table: its network quantized, pruned, or distilled."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from lightning.pytorch import LightningDataModule, LightningModule

from components.compression.make import NotMadeError, fit_state
from components.core.bundle import Content, read_bundle, write_bundle
from components.core.job import BUNDLE, SELECTION, WEIGHTS, AnyJob
from components.core.params.case import DistillParams, Int8DynamicParams, Int8StaticParams, PruneParams
from components.core.parts import Maker, Training
from components.core.results import LEARNER
from components.kits.tables.encoding.encode import Encoded, TableEncoder
from components.kits.tables.learning.assembling import SERVING, Choosing
from components.kits.tables.learning.data import Rows, TableData
from components.recipes.shared import retraining, variants
from components.training.fit import fit
from components.training.refit import on_everything


@dataclass(frozen=True)
class TableVariants:
    """What a recipe gives: its fit on `TableData`, what it chooses on held-out rows, what a learner answers to encoded
    rows and the graph of it, and the targets by which a bundle teaches: to a share what the bundle answers.

    `everything` reads what the bundle's members have learned from where they are fitted again on many rows.
    """

    training: Training
    choosing: Choosing[Any]
    answers: Callable[[LightningModule, Encoded], np.ndarray]
    graph: Callable[[LightningModule, TableEncoder], bytes]
    taught: Callable[[Path, Rows, float], np.ndarray]
    everything: Callable[[AnyJob], TableData] | None = None

    def makers(self) -> Mapping[str, Maker]:
        return {
            "int8_dynamic": self.int8_dynamic,
            "int8_static": self.int8_static,
            "pruned": self.pruned,
            "distilled": self.distilled,
        }

    def int8_dynamic(self, _job: AnyJob, _params: Int8DynamicParams, fitted: Path, folder: Path) -> None:
        variants.int8_dynamic(fitted / BUNDLE, LEARNER, folder)

    def int8_static(self, job: AnyJob, params: Int8StaticParams, fitted: Path, folder: Path) -> None:
        rows = self._data(job).parts[0].encoded
        inputs = {"numeric": rows.numeric, "categorical": rows.categorical}
        feeds = variants.first_feeds(fitted / BUNDLE / f"{LEARNER}.onnx", inputs, params.calibration_rows)
        variants.int8_static(fitted / BUNDLE, LEARNER, folder, feeds)

    def pruned(self, job: AnyJob, params: PruneParams, fitted: Path, folder: Path) -> None:
        _check_rows_are_left(fitted)
        training, weights = self.training, WEIGHTS
        if self.everything is not None and (fitted / SERVING).is_file():
            training, weights = on_everything(training, self.everything), SERVING
        learner = retraining.pruned(job, training, params, fitted / weights, fit_state(folder))
        graph = self.graph(learner, self._data(job).encoder)
        variants.replaced(fitted / BUNDLE, {f"{LEARNER}.onnx": graph}, folder)

    def distilled(self, job: AnyJob, params: DistillParams, fitted: Path, folder: Path) -> None:
        """A smaller network that learns what the whole blend answers to the training rows. It is served alone: the
        baselines are in it.
        """
        _check_rows_are_left(fitted)
        student = retraining.student(job, params)

        def datamodule(inner: AnyJob) -> LightningDataModule:
            data = self._data(inner)
            train, held_out = data.parts
            data.parts = (Rows(train.encoded, self.taught(fitted / BUNDLE, train, params.teacher_share)), held_out)
            return data

        learner, _ = fit(student, replace(self.training, data=datamodule), state=fit_state(folder))
        data = self._data(job)
        held_out = data.parts[1]
        chosen = self.choosing.choose(student, held_out.target, {LEARNER: self.answers(learner, held_out.encoded)})
        contents: dict[str, Content] = {
            "table.json": read_bundle(fitted / BUNDLE, threads=1).path("table.json"),
            f"{LEARNER}.onnx": self.graph(learner, data.encoder),
        }
        write_bundle(folder, self.choosing.manifest(student, chosen), contents)

    def _data(self, job: AnyJob) -> TableData:
        data = self.training.data(job)
        assert isinstance(data, TableData)
        return data


def _check_rows_are_left(fitted: Path) -> None:
    """Raises NotMadeError if rows are few and all but the test's have taught the model: none would tell a worse
    network.
    """
    if (fitted / SELECTION).is_dir() and not (fitted / SERVING).is_file():
        raise NotMadeError(
            "training and validation have fewer rows than model.few.rows, and the model has learned from all of them, "
            "so that none are left to judge a network by that is trained again"
        )
