"""Train the learner with the values that won, and the baselines: `models/<case>/fitted`."""

import logging
import math
from dataclasses import asdict
from pathlib import Path

import torch
from lightning.pytorch import LightningModule

from components.core.bundle import bundle_md5
from components.core.files import dvc_md5, file_digest, read_json, whole_folder, write_json
from components.core.job import WEIGHTS, Job
from components.core.recipe import Recipe, recipe_of
from components.evaluation.plots import TRAINING
from components.tracking.curves import EpochCurves, curve_table
from components.tracking.runs import FITTED_MD5, adopt_search
from components.tracking.track import Tracker
from components.training.fit import fit
from pipelines.resume import close_state, inputs_of, state_of
from pipelines.tracking import stage_run

log = logging.getLogger(__name__)


def run(job: Job) -> None:
    """Train, or go on from the last checkpoint of a killed run, in the same MLflow run."""
    recipe, best, out = recipe_of(job), job.paths.best(job.case), job.paths.fitted(job.case)
    values = read_json(best)["values"]
    job = job.with_values(values)
    start = started_from(job)
    state = state_of(job, "fit", out, inputs_of(job, "fit") | {"best": file_digest(best)})
    with stage_run(job, state, "fit") as (tracker, run_id):
        tell_inputs(tracker, run_id, job)
        adopt_search(tracker, job.case, dvc_md5(best), run_id)
        curves = EpochCurves(tracker, run_id, job.params.fit)
        learner, result = fit(job, recipe.training, state=state, callbacks=[curves])
        with whole_folder(out) as folder:
            served = recipe.assembly.assemble(job, learner, folder)
            torch.save(learner.state_dict(), folder / WEIGHTS)
            curve_table(tracker, run_id).to_csv(folder / TRAINING, index=False, lineterminator="\n")
            gap = network_gap(job, recipe, served, folder)
            said = {"result": asdict(result), "values": values, "network_gap": gap}
            write_json(folder / "fit.json", said if start is None else {**said, "start": start})
        told = {} if start is None else {f"start.{name}": value for name, value in start.items()}
        tracker.log_tags(run_id, {FITTED_MD5: dvc_md5(out), **told})
    close_state(state, out)


def started_from(job: Job) -> dict[str, str] | None:
    """Which case's bundle the training starts from, and its md5, by which the registry knows its version."""
    if job.starts_from is None:
        return None
    return {"case": str(job.params.start), "md5": bundle_md5(job.starts_from)}


def network_gap(job: Job, recipe: Recipe, served: LightningModule, folder: Path) -> float | None:
    """By how much the network and its graph in `bundle/` differ at most on validation rows; None if a figure is NaN."""
    gap = recipe.assembly.network_gap(job, served, folder)
    log.info("%s: network and exported graph differ by at most %.2g on validation rows", job.case, gap)
    return gap if math.isfinite(gap) else None


def tell_inputs(tracker: Tracker, run_id: str, job: Job) -> None:
    blocks = job.params.model_dump(mode="json")
    tracker.log_params(run_id, {name: blocks[name] for name in ("model", "fit")})
    prepared = job.paths.prepared(job.case)
    tracker.log_dataset(run_id, prepared, f"{job.case} prepared", dvc_md5(prepared), "training")
