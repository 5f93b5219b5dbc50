"""Smaller ways to serve a fitted model of a cohort, for every recipe of times to events."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from components.compression.make import fit_state
from components.core.job import BUNDLE, AnyJob
from components.core.params.case import DistillParams, Int8DynamicParams, Int8StaticParams, PruneParams
from components.core.parts import Maker
from components.core.results import LEARNER
from components.kits.survival.training.assembling import Assembling, Blend
from components.kits.survival.training.data import CohortData
from components.kits.survival.training.learner import HazardLearner
from components.kits.survival.training.network import fit_baseline
from components.kits.survival.training.served import SERVING, Network, learner_graph
from components.recipes.shared import retraining, variants
from components.training.fit import fit
from components.training.refit import on_everything

PRODUCTS = ("MatMul", "Gemm", "Einsum")  # eight bits have no steps for the exponential behind them
Teacher = TypeVar("Teacher")


@dataclass(frozen=True)
class CohortVariants(Generic[Blend, Teacher]):
    """`assembling` is the recipe's. A student learns to a share what the teacher expects, of rows that `soft` gives,
    and is served `alone`: the baselines and the recalibration are in it.
    """

    assembling: Assembling[Blend]
    teacher: Callable[[Path], Teacher]
    soft: Callable[[CohortData, Teacher, float], CohortData]
    alone: Callable[[Teacher], Blend]

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
        rows = self.assembling.everything(job).parts[0].encoded
        inputs = {"numeric": rows.numeric, "categorical": rows.categorical}
        feeds = variants.first_feeds(fitted / BUNDLE / f"{LEARNER}.onnx", inputs, params.calibration_rows)
        variants.int8_static(fitted / BUNDLE, LEARNER, folder, feeds, operators=PRODUCTS)

    def pruned(self, job: AnyJob, params: PruneParams, fitted: Path, folder: Path) -> None:
        """On the rows that the served network has learned from; none are held out."""
        whole = on_everything(self.assembling.training, self.assembling.everything)
        learner = retraining.pruned(job, whole, params, fitted / SERVING, fit_state(folder))
        assert isinstance(learner, HazardLearner)
        data = self.assembling.everything(job)
        fit_baseline(learner.network, data.parts[0])
        variants.replaced(fitted / BUNDLE, {f"{LEARNER}.onnx": learner_graph(learner, data.encoder)}, folder)

    def distilled(self, job: AnyJob, params: DistillParams, fitted: Path, folder: Path) -> None:
        """A smaller network that learns what the whole blend says."""
        student, teacher, share = retraining.student(job, params), self.teacher(fitted / BUNDLE), params.teacher_share

        def taught(inner: AnyJob) -> CohortData:
            return self.soft(self.assembling.everything(inner), teacher, share)

        learner, _ = fit(student, on_everything(self.assembling.training, taught), state=fit_state(folder))
        data = taught(student)
        self.assembling.write(student, data, {LEARNER: Network(learner, data)}, self.alone(teacher), folder)
