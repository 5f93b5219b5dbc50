"""From a trained learner to bundles: baselines, blend, recalibration, threshold, and all of it fitted again."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from lightning.pytorch import LightningModule

from components.core.bundle import Content, Manifest, write_bundle
from components.core.errors import CasebookError
from components.core.job import BUNDLE, PREPARED_FILES, SELECTION, TRAIN, Meta
from components.core.results import LEARNER
from components.evaluation.gaps import largest_gap_over
from components.kits.survival.assembly.baselines import SplineCox, SurvivalBoosting, SurvivalForest
from components.kits.survival.metrics import curves
from components.kits.survival.metrics.pool import Recalibration, fit_recalibration, pooled, pooling_weights
from components.kits.survival.metrics.states import threshold_at_specificity
from components.kits.survival.training.data import CohortData, Patients
from components.kits.survival.training.served import SERVING, Network, network_hazards
from components.kits.survival.units import Unit
from components.kits.tables.typical import typical_values
from components.recipes.survival.params.params import ModelParams, SurvivalJob
from components.recipes.survival.serving.predictor import Member, SurvivalSettings, open_predictor
from components.recipes.survival.training.training import TRAINING, everything, make_data
from components.training.refit import keep_result, refit, refit_state

log = logging.getLogger(__name__)

COX, FOREST, BOOSTING = "cox", "forest", "boosting"
KINDS = {LEARNER: "network", COX: "additive", FOREST: "forest", BOOSTING: "boosting"}
PREDICTOR = "survival.predictor"


@dataclass(frozen=True)
class Blend:
    """What is chosen on validation: each member's weight, a recalibration, and the threshold of the decision."""

    weights: dict[str, float]
    recalibration: Recalibration
    threshold: float


def assemble(job: SurvivalJob, learner: LightningModule, folder: Path) -> LightningModule:
    """Write `selection/`, `bundle/` and `serving.pt` into `folder`.

    `selection` knows the training rows alone; on the validation rows it finds the blend's weights,
    its recalibration and the threshold. `bundle` is what serves: the same recipe fitted again on
    training and validation rows, because a thousand patients more or less decide how well a
    hazard is known, with what the selection found. The learner of that second fit is returned.
    """
    params = job.model
    data = make_data(job, whole=False)
    members = fit_members(learner, data, params)
    write(job, data, members, equal_blend(members), folder / SELECTION)
    blend = choose_blend(folder / SELECTION, data.parts[1], params, unit_of(job))
    log.info("blend: %s", ", ".join(f"{name} {weight:.2f}" for name, weight in blend.weights.items()))
    write(job, data, members, blend, folder / SELECTION)
    again, whole = refit(job, TRAINING, learner, everything), everything(job)
    keep_result(refit_state(job, learner), folder)
    write(job, whole, fit_members(again, whole, params), blend, folder / BUNDLE)
    torch.save(again.state_dict(), folder / SERVING)
    return again


Members = dict[str, Network | SplineCox | SurvivalForest | SurvivalBoosting]


def fit_members(learner: LightningModule, data: CohortData, params: ModelParams) -> Members:
    """The learner, and the baselines fitted on the training rows of `data`; where people entered after time zero those
    whose likelihood knows of it.
    """
    rows = data.parts[0]
    known = (rows.encoded.numeric, rows.encoded.categorical, rows.target, data.encoder.sizes)
    found: Members = {LEARNER: Network(learner, data), COX: SplineCox(**params.cox.model_dump()).fit(*known)}
    if rows.target.shape[1] == 3:
        log.info("rows have entries: the network and Cox's regression learn from them; forest and boosting cannot")
        return found
    return {
        **found,
        FOREST: SurvivalForest(**params.forest.model_dump()).fit(*known),
        BOOSTING: SurvivalBoosting(**params.boosting.model_dump()).fit(*known),
    }


def equal_blend(members: Iterable[str]) -> Blend:
    names = list(members)
    return Blend(dict.fromkeys(names, 1 / len(names)), Recalibration(0.0, 1.0), 0.5)


def choose_blend(bundle: Path, held_out: Patients, params: ModelParams, unit: Unit = "years") -> Blend:
    """The likeliest weights for held-out rows, none where a member adds next to nothing; then the rest."""
    predictor = open_predictor(bundle)
    times, target, horizons = predictor.times, held_out.target, params.curve.horizons
    found = {name: curve(held_out.encoded) for name, curve in predictor.member_curves.items()}
    weights = pooling_weights(target, times, list(found.values()), shrinkage=params.blend.shrinkage)
    weights = np.where(weights < params.blend.min_weight, 0.0, weights)
    weights /= weights.sum()
    mixed = pooled(list(found.values()), weights)
    recalibration = fit_recalibration(target, times, mixed)
    risk = curves.risks(horizons, times, recalibration.apply(mixed))
    threshold = threshold_at_specificity(target, risk, horizons[-1], params.specificity)
    if not np.isfinite(threshold):
        raise CasebookError(
            f"validation: nobody was observed beyond {horizons[-1]:g} {unit} without the event, so no threshold has a "
            "specificity; shorten model.curve.horizons"
        )
    return Blend(dict(zip(found, weights.tolist(), strict=True)), recalibration, threshold)


def write(job: SurvivalJob, data: CohortData, members: Members, blend: Blend, folder: Path) -> None:
    """A bundle of the members, by the rows that they were fitted on."""
    settings = make_settings(job, data, blend)
    contents: dict[str, Content] = {"table.json": Meta.read(job.paths.prepared(job.case)).data}
    for name, member in members.items():
        contents |= member.contents(name, np.array(settings.times))
    write_bundle(folder, make_manifest(job, settings), contents)


def make_settings(job: SurvivalJob, data: CohortData, blend: Blend) -> SurvivalSettings:
    params, serving = job.model, job.model.serving
    steps = round(params.curve.horizons[-1] / params.curve.step)
    return SurvivalSettings(
        members=[Member(name=name, kind=KINDS[name], weight=weight) for name, weight in blend.weights.items()],
        times=tuple((params.curve.step * np.arange(1, steps + 1)).tolist()),
        edges=tuple(data.edges.tolist()),
        horizons=params.curve.horizons,
        recalibration=blend.recalibration.to_json(),
        threshold=blend.threshold,
        decisions=serving.decisions,
        typical=_typical(job),
        reasons=serving.reasons,
        unit=unit_of(job),
    )


def unit_of(job: SurvivalJob) -> Unit:
    """What the prepared times count; `years` are not written."""
    unit: Unit = Meta.read(job.paths.prepared(job.case)).data["spec"].get("unit", "years")
    return unit


def make_manifest(job: SurvivalJob, settings: SurvivalSettings) -> Manifest:
    graphs = tuple(member.name for member in settings.members if member.kind == "network")
    return Manifest.of(job.case, PREDICTOR, graphs, settings)


def network_gap(job: SurvivalJob, served: LightningModule, fitted: Path) -> float:
    """The largest difference between the shares of survivors by the network and by its graph in the bundle."""
    data, predictor = make_data(job, whole=True), open_predictor(fitted / BUNDLE)
    rows = data.parts[1]
    network = curves.at(predictor.times, data.edges, np.cumsum(network_hazards(served, rows), axis=1))
    graph = predictor.member_curves[LEARNER](rows.encoded)
    return largest_gap_over([(np.exp(-network), np.exp(-graph))])


def _typical(job: SurvivalJob) -> dict[str, object]:
    prepared = job.paths.prepared(job.case)
    columns = list(Meta.read(prepared).data["spec"]["columns"])
    return typical_values(pd.read_parquet(prepared / PREPARED_FILES[TRAIN]), columns)
