"""Smaller ways to serve a fitted model: quantized, pruned, distilled."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from components.compression.make import fit_state
from components.core.job import BUNDLE
from components.core.params.case import DistillParams, Int8DynamicParams, Int8StaticParams, PruneParams
from components.core.parts import Maker
from components.core.results import LEARNER
from components.kits.survival.metrics import curves
from components.kits.survival.metrics.pool import Recalibration
from components.kits.survival.training.data import CohortData, soft_outcome
from components.kits.survival.training.learner import HazardLearner
from components.kits.survival.training.network import fit_baseline
from components.kits.survival.training.served import SERVING, Network, learner_graph
from components.recipes.shared import retraining, variants
from components.recipes.survival.assembly.assembly import Blend, write
from components.recipes.survival.params.params import SurvivalJob
from components.recipes.survival.serving.predictor import SurvivalPredictor, open_predictor
from components.recipes.survival.training.training import TRAINING, everything
from components.training.fit import fit
from components.training.refit import on_everything

# The rows that the served network has learned from; none are held out.
WHOLE = on_everything(TRAINING, everything)
PRODUCTS = ("MatMul", "Gemm", "Einsum")  # eight bits have no steps for the exponential behind them


def int8_dynamic(_job: SurvivalJob, _params: Int8DynamicParams, fitted: Path, folder: Path) -> None:
    variants.int8_dynamic(fitted / BUNDLE, LEARNER, folder)


def int8_static(job: SurvivalJob, params: Int8StaticParams, fitted: Path, folder: Path) -> None:
    rows = everything(job).parts[0].encoded
    inputs = {"numeric": rows.numeric, "categorical": rows.categorical}
    feeds = variants.first_feeds(fitted / BUNDLE / f"{LEARNER}.onnx", inputs, params.calibration_rows)
    variants.int8_static(fitted / BUNDLE, LEARNER, folder, feeds, operators=PRODUCTS)


def pruned(job: SurvivalJob, params: PruneParams, fitted: Path, folder: Path) -> None:
    learner = retraining.pruned(job, WHOLE, params, fitted / SERVING, fit_state(folder))
    assert isinstance(learner, HazardLearner)
    data = everything(job)
    fit_baseline(learner.network, data.parts[0])
    variants.replaced(fitted / BUNDLE, {f"{LEARNER}.onnx": learner_graph(learner, data.encoder)}, folder)


def distilled(job: SurvivalJob, params: DistillParams, fitted: Path, folder: Path) -> None:
    """A smaller network that learns the whole blend's survival.

    It is served alone: the baselines and the recalibration are in it.
    """
    student, teacher, share = retraining.student(job, params), open_predictor(fitted / BUNDLE), params.teacher_share
    training = replace(WHOLE, data=lambda inner: _soft_data(inner, teacher, share))
    learner, _ = fit(student, training, state=fit_state(folder))
    data = _soft_data(student, teacher, share)
    alone = Blend({LEARNER: 1.0}, Recalibration(0.0, 1.0), teacher.settings.threshold)
    write(student, data, {LEARNER: Network(learner, data)}, alone, folder)


def _soft_data(job: SurvivalJob, teacher: SurvivalPredictor, share: float) -> CohortData:
    """Training rows whose outcome is to a `share` what the teacher expects."""
    data = everything(job)
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


VARIANTS: Mapping[str, Maker] = {
    "int8_dynamic": int8_dynamic,
    "int8_static": int8_static,
    "pruned": pruned,
    "distilled": distilled,
}
