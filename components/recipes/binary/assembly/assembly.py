"""From trained learners to a bundle: baselines, blend, calibration, threshold, reference row."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from lightning.pytorch import LightningModule
from torch import Tensor

from components.compression.export import export_onnx
from components.core.bundle import Content, Manifest, write_bundle
from components.core.job import BUNDLE, PREPARED_FILES, TRAIN, Meta
from components.core.results import LEARNER
from components.evaluation.bands import band_edges
from components.evaluation.gaps import largest_gap_over
from components.kits.tables.encoding.encode import TableEncoder
from components.kits.tables.tabm import MeanProbability
from components.kits.tables.typical import typical_values
from components.recipes.binary.assembly.baselines import GradientBoosting, SplineLogistic
from components.recipes.binary.metrics.blend import mix, mixing_weights
from components.recipes.binary.metrics.calibration import choose_calibrator
from components.recipes.binary.metrics.metrics import best_f1_threshold
from components.recipes.binary.params import BinaryJob, ModelParams
from components.recipes.binary.serving.predictor import Member, TableSettings, open_predictor
from components.recipes.binary.training.data import TARGET, Rows, TableData
from components.recipes.binary.training.learner import BinaryLearner

LOGISTIC, LIGHTGBM = "logistic", "lightgbm"
PREDICTOR = "table.predictor"


def assemble(job: BinaryJob, learner: LightningModule, folder: Path) -> LightningModule:
    """Write `bundle/` into `folder`, with the graph of the learner that is returned: the one given.

    The baselines are trained on the training split. Blend, calibration and threshold rest on the
    validation split, which no member has learned from.
    """
    params = job.model
    data = TableData(job.paths.prepared(job.case), job.params.fit)
    logistic, trees = fit_baselines(data, params)
    held_out = data.parts[1]
    unseen = (held_out.encoded.numeric, held_out.encoded.categorical)
    scores = {
        LEARNER: network_scores(learner, held_out),
        LOGISTIC: logistic.predict(*unseen),
        LIGHTGBM: trees.predict(*unseen),
    }
    settings = make_settings(job, params, held_out.target, scores)
    contents: dict[str, Content] = {
        "table.json": Meta.read(job.paths.prepared(job.case)).data,
        f"{LEARNER}.onnx": learner_graph(learner, data.encoder),
        f"{LOGISTIC}.json": logistic.to_json(),
    }
    for seed, graph in enumerate(trees.to_onnx(len(data.encoder.numeric_names) + sum(data.encoder.sizes))):
        contents[f"{LIGHTGBM}-{seed}.onnx"] = graph.SerializeToString()
    write_bundle(folder / BUNDLE, make_manifest(job, settings), contents)
    return learner


def make_manifest(job: BinaryJob, settings: TableSettings) -> Manifest:
    used = [member for member in settings.members if member.kind != "additive"]
    return Manifest.of(job.case, PREDICTOR, [file for member in used for file in member.files], settings)


def fit_baselines(data: TableData, params: ModelParams) -> tuple[SplineLogistic, GradientBoosting]:
    train, encoder = data.parts[0], data.encoder
    rows = (train.encoded.numeric, train.encoded.categorical, train.target, encoder.sizes)
    logistic = SplineLogistic(
        knots=params.logistic.knots, c=params.logistic.c, columns=used_columns(params.logistic.leave_out, encoder)
    )
    trees = GradientBoosting(
        seeds=params.lightgbm.seeds,
        monotone=monotone_constraints(params.lightgbm.monotone, encoder),
        settings=params.lightgbm.settings,
    )
    return logistic.fit(*rows), trees.fit(*rows)


def used_columns(leave_out: Sequence[str], encoder: TableEncoder) -> list[int]:
    """Where the numeric columns stand that are not left out, nor tell that one left out is missing."""
    absent = {*leave_out, *(f"{name} missing" for name in leave_out)}
    return [place for place, name in enumerate(encoder.numeric_names) if name not in absent]


def monotone_constraints(signs: Mapping[str, int], encoder: TableEncoder) -> list[int]:
    """A constraint for each column that LightGBM sees, 0 where `signs` has none."""
    return [signs.get(name, 0) for name in encoder.numeric_names] + [0] * sum(encoder.sizes)


@torch.no_grad()
def network_scores(learner: LightningModule, rows: Rows) -> np.ndarray:
    """Probabilities `(N,)` as they are served: the mean over the network's members."""
    numeric, categorical, _ = rows.tensors()
    answer: Tensor = served_network(learner)(numeric, categorical)
    return answer.numpy().astype(np.float64)


def network_gap(job: BinaryJob, learner: LightningModule, fitted: Path) -> float:
    """The largest difference between the probabilities of the network and of its graph in the bundle."""
    rows = TableData(job.paths.prepared(job.case), job.params.fit).parts[1]
    graph = open_predictor(fitted / BUNDLE).member_scores[LEARNER]
    return largest_gap_over([(network_scores(learner, rows), graph(rows.encoded))])


def served_network(learner: LightningModule) -> MeanProbability:
    assert isinstance(learner, BinaryLearner)
    return MeanProbability(learner.network).eval()


def learner_graph(learner: LightningModule, encoder: TableEncoder) -> bytes:
    """The ONNX graph `numeric, categorical -> score`."""
    example = {
        "numeric": torch.zeros(2, len(encoder.numeric_names)),
        "categorical": torch.zeros(2, len(encoder.categorical_names), dtype=torch.long),
    }
    return export_onnx(served_network(learner), example, "score")


def make_settings(
    job: BinaryJob, params: ModelParams, target: np.ndarray, scores: Mapping[str, np.ndarray]
) -> TableSettings:
    """Blend, calibration, threshold and bands from the members' held-out scores `(N,)`: weights first, then one map."""
    serving, blend = params.serving, params.blend
    columns = np.column_stack(list(scores.values()))
    weights = mixing_weights(target, columns, shrinkage=blend.shrinkage)
    weights = np.where(weights < blend.min_weight, 0.0, weights)
    weights /= weights.sum()
    mixed = mix(columns, weights)
    choice = choose_calibrator(
        blend.calibrators, target, mixed, folds=blend.calibration_folds, seed=job.params.fit.seed
    )
    score = choice.calibrator.apply(mixed)
    kinds = {
        LEARNER: ("network", (LEARNER,)),
        LOGISTIC: ("additive", (LOGISTIC,)),
        LIGHTGBM: ("trees", tuple(f"{LIGHTGBM}-{seed}" for seed in range(params.lightgbm.seeds))),
    }
    return TableSettings(
        members=[
            Member(name=name, kind=kinds[name][0], files=kinds[name][1], weight=float(weight))
            for name, weight in zip(scores, weights, strict=True)
        ],
        calibrator=choice.calibrator.to_json(),
        threshold=best_f1_threshold(target, score),
        decisions=serving.decisions,
        bands=band_edges(score, serving.bands).tolist(),
        reference=_reference(job),
        reasons=serving.reasons,
    )


def _reference(job: BinaryJob) -> dict[str, object]:
    """A typical training row of the negative class; a reason is what sets a declined row apart from it."""
    prepared = job.paths.prepared(job.case)
    train = pd.read_parquet(prepared / PREPARED_FILES[TRAIN])
    columns = list(Meta.read(prepared).data["spec"]["columns"])
    return typical_values(train[train[TARGET] == 0], columns)
