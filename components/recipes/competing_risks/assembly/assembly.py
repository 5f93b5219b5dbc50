"""From a trained learner to bundles: baselines, a blend for each cause, recalibration, threshold, all fitted again."""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from lightning.pytorch import LightningModule

from components.core.bundle import Content, Manifest, write_bundle
from components.core.job import BUNDLE, Meta
from components.core.results import LEARNER
from components.evaluation.gaps import largest_gap_over
from components.kits.survival.assembly.baselines import SplineCox
from components.kits.survival.assembly.cox_boosting import CoxBoosting
from components.kits.survival.metrics import curves
from components.kits.survival.metrics.pool import Recalibration, fit_recalibration, pooled, pooling_weights
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
from components.recipes.competing_risks.assembly.baselines import AalenJohansen, OfEachCause
from components.recipes.competing_risks.metrics.hazards import incidences
from components.recipes.competing_risks.metrics.metrics import threshold_at_specificity
from components.recipes.competing_risks.metrics.rows import event_of
from components.recipes.competing_risks.params.params import CausesJob
from components.recipes.competing_risks.serving.members import CONSTANT, NETWORK
from components.recipes.competing_risks.serving.predictor import CausesSettings, Member, open_predictor
from components.recipes.competing_risks.training.training import TRAINING, causes_of, make_data

log = logging.getLogger(__name__)

AALEN_JOHANSEN, COX, BOOSTING = "aalen_johansen", "cox", "boosting"
KINDS = {LEARNER: NETWORK, COX: "additive", BOOSTING: "boosting", AALEN_JOHANSEN: CONSTANT}
PREDICTOR = "competing_risks.serving.predictor"


@dataclass(frozen=True)
class Blend:
    """What is chosen on validation: each member's weights (K,), a recalibration of each cause, and the threshold of
    the decision.
    """

    weights: dict[str, tuple[float, ...]]
    recalibration: list[Recalibration]
    threshold: float


def fit_members(job: CausesJob, learner: LightningModule, data: CohortData) -> Members:
    """The learner, and the baselines fitted on the training rows of `data`."""
    rows, params, causes, sizes = data.parts[0], job.model, len(causes_of(job)), data.encoder.sizes
    known = (rows.encoded.numeric, rows.encoded.categorical)

    def cox(target: np.ndarray) -> SplineCox:
        return SplineCox(**params.cox.model_dump()).fit(*known, target, sizes)

    def boosting(target: np.ndarray) -> CoxBoosting:
        return CoxBoosting(**params.boosting.model_dump()).fit(*known, target, sizes)

    return {
        LEARNER: Network(learner, data),
        COX: OfEachCause.fit(rows.target, causes, cox),
        BOOSTING: OfEachCause.fit(rows.target, causes, boosting),
        AALEN_JOHANSEN: AalenJohansen.fit(rows.target, causes),
    }


def equal_blend(job: CausesJob, members: Members) -> Blend:
    """Of all that look at the rows; what is the same for everybody is only compared with."""
    causes, mixed = len(causes_of(job)), [name for name in members if KINDS[name] != CONSTANT]
    weights = {name: (1 / len(mixed) if name in mixed else 0.0,) * causes for name in members}
    return Blend(weights, [Recalibration(0.0, 1.0)] * causes, 0.5)


def choose_blend(job: CausesJob, bundle: Path, held_out: Patients) -> Blend:
    """For each cause the likeliest weights for held-out rows, none where a member adds next to nothing; then the rest.

    The likelihood is a product over the causes, so that each is looked at by itself.
    """
    params, predictor = job.model, open_predictor(bundle)
    times, target, horizons = predictor.times, held_out.target, params.curve.horizons
    found = {name: one(held_out.encoded) for name, one in predictor.member_hazards.items() if KINDS[name] != CONSTANT}
    weights: dict[str, tuple[float, ...]] = dict.fromkeys(predictor.member_hazards, ())
    recalibration, hazards = [], []
    for place, cause in enumerate(predictor.settings.causes):
        own, one = event_of(target, place + 1), [member[:, place] for member in found.values()]
        chosen = pooling_weights(own, times, one, shrinkage=params.blend.shrinkage, least=params.blend.min_weight)
        told = dict(zip(found, chosen.tolist(), strict=True))
        log.info("blend for %s: %s", cause, ", ".join(f"{name} {weight:.2f}" for name, weight in told.items()))
        weights = {name: (*before, told.get(name, 0.0)) for name, before in weights.items()}
        recalibration.append(fit_recalibration(own, times, pooled(one, chosen)))
        hazards.append(recalibration[-1].apply(pooled(one, chosen)))
    risk = predictor.at_horizons(incidences(np.stack(hazards, axis=1))[:, 0])[:, -1]
    threshold = threshold_at_specificity(target, risk, horizons[-1], params.specificity)
    check_threshold(threshold, horizons[-1], unit_of(job))
    return Blend(weights, recalibration, threshold)


def write(job: CausesJob, data: CohortData, members: Members, blend: Blend, folder: Path) -> None:
    """A bundle of the members, by the rows that they were fitted on."""
    params = job.model
    settings = CausesSettings(
        causes=causes_of(job),
        members=[Member(name=name, kind=KINDS[name], weights=weights) for name, weights in blend.weights.items()],
        times=grid_of(params.curve),
        edges=tuple(data.edges.tolist()),
        horizons=params.curve.horizons,
        recalibration=[one.to_json() for one in blend.recalibration],
        threshold=blend.threshold,
        decisions=params.serving.decisions,
        typical=typical_of(job),
        reasons=params.serving.reasons,
        unit=unit_of(job),
    )
    contents: dict[str, Content] = {"table.json": Meta.read(job.paths.prepared(job.case)).data}
    for name, member in members.items():
        contents |= member.contents(name, np.array(settings.times))
    write_bundle(folder, Manifest.of(job.case, PREDICTOR, (LEARNER,), settings), contents)


def network_gap(job: CausesJob, served: LightningModule, fitted: Path) -> float:
    """The largest difference between the incidences by the network and by its graph in the bundle."""
    data, predictor = make_data(job, whole=True), open_predictor(fitted / BUNDLE)
    rows = data.parts[1]
    network = curves.at(predictor.times, data.edges, np.cumsum(network_hazards(served, rows), axis=-1))
    return largest_gap_over([(incidences(network), predictor.member_incidences[LEARNER](rows.encoded))])


ASSEMBLING: Assembling[Blend] = Assembling(TRAINING, make_data, fit_members, equal_blend, choose_blend, write)
assemble = ASSEMBLING.assemble
