"""Train the learner with the values that won, and the baselines: `models/<case>/fitted`."""

from dataclasses import asdict

import torch

from components.contracts import Job
from components.files import dvc_md5, file_digest, read_json, whole_folder, write_json
from components.registry.curves import EpochCurves
from components.registry.runs import FITTED_MD5, adopt_search
from components.registry.track import Tracker
from components.training.fit import fit
from pipelines.cases import load_case, with_values
from pipelines.resume import close_state, inputs_of, state_of
from pipelines.tracking import stage_run

WEIGHTS = "learner.pt"


def run(job: Job) -> None:
    """Train, or go on from the last checkpoint of a killed run, in the same MLflow run."""
    case, best, out = load_case(job), job.paths.best(job.case), job.paths.fitted(job.case)
    values = read_json(best)["values"]
    job = with_values(job, values)
    state = state_of(job, "fit", out, inputs_of(job) | {"best": file_digest(best)})
    with stage_run(job, state, "fit") as (tracker, run_id):
        tell_inputs(tracker, run_id, job)
        adopt_search(tracker, job.case, dvc_md5(best), run_id)
        learner, result = fit(job, case, state=state, callbacks=[EpochCurves(tracker, run_id, job.params.fit)])
        with whole_folder(out) as folder:
            case.assemble(job, learner, folder)
            torch.save(learner.state_dict(), folder / WEIGHTS)
            write_json(folder / "fit.json", {"result": asdict(result), "values": values})
        tracker.log_tags(run_id, {FITTED_MD5: dvc_md5(out)})
    close_state(state, out)


def tell_inputs(tracker: Tracker, run_id: str, job: Job) -> None:
    blocks = job.params.model_dump(mode="json")
    tracker.log_params(run_id, {name: blocks[name] for name in ("model", "fit", "prepare")})
    prepared = job.paths.prepared(job.case)
    tracker.log_dataset(run_id, prepared, f"{job.case} prepared", dvc_md5(prepared), "training")
