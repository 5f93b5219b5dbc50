"""From a trained learner to bundles: baselines, blend, recalibration, threshold, and all of it fitted again."""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from lightning.pytorch import LightningModule

from components.core.bundle import Content, Manifest, write_bundle
from components.core.job import BUNDLE, Meta
from components.core.results import LEARNER
from components.evaluation.gaps import largest_gap_over
from components.kits.survival.assembly.baselines import SplineCox, SurvivalBoosting, SurvivalForest
from components.kits.survival.metrics import curves
from components.kits.survival.metrics.pool import Recalibration, fit_recalibration, pooled, pooling_weights
from components.kits.survival.metrics.states import threshold_at_specificity
from components.kits.survival.training.assembling import (
    Assembling,
    Members,
    check_threshold,
    grid_of,
    typical_of,
    unit_of,
)
from components.kits.survival.training.data import CohortData, Patients
from components.kits.survival.training.served import Network, network_hazards
from components.recipes.survival.params.params import SurvivalJob
from components.recipes.survival.serving.predictor import Member, SurvivalSettings, open_predictor
from components.recipes.survival.training.training import TRAINING, make_data

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


def fit_members(job: SurvivalJob, learner: LightningModule, data: CohortData) -> Members:
    """The learner, and the baselines fitted on the training rows of `data`; where people entered after time zero those
    whose likelihood knows of it.
    """
    rows, params = data.parts[0], job.model
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


def equal_blend(_job: SurvivalJob, members: Members) -> Blend:
    return Blend(dict.fromkeys(members, 1 / len(members)), Recalibration(0.0, 1.0), 0.5)


def choose_blend(job: SurvivalJob, bundle: Path, held_out: Patients) -> Blend:
    """The likeliest weights for held-out rows, none where a member adds next to nothing; then the rest."""
    params, predictor = job.model, open_predictor(bundle)
    times, target, horizons = predictor.times, held_out.target, params.curve.horizons
    found = {name: curve(held_out.encoded) for name, curve in predictor.member_curves.items()}
    weights = pooling_weights(
        target, times, list(found.values()), shrinkage=params.blend.shrinkage, least=params.blend.min_weight
    )
    mixed = pooled(list(found.values()), weights)
    recalibration = fit_recalibration(target, times, mixed)
    risk = curves.risks(horizons, times, recalibration.apply(mixed))
    threshold = threshold_at_specificity(target, risk, horizons[-1], params.specificity)
    check_threshold(threshold, horizons[-1], unit_of(job))
    log.info("blend: %s", ", ".join(f"{name} {weight:.2f}" for name, weight in zip(found, weights, strict=True)))
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
    return SurvivalSettings(
        members=[Member(name=name, kind=KINDS[name], weight=weight) for name, weight in blend.weights.items()],
        times=grid_of(params.curve),
        edges=tuple(data.edges.tolist()),
        horizons=params.curve.horizons,
        recalibration=blend.recalibration.to_json(),
        threshold=blend.threshold,
        decisions=serving.decisions,
        typical=typical_of(job),
        reasons=serving.reasons,
        unit=unit_of(job),
    )


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


ASSEMBLING: Assembling[Blend] = Assembling(TRAINING, make_data, fit_members, equal_blend, choose_blend, write)
assemble = ASSEMBLING.assemble
