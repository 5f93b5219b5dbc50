"""The stages that train: search, fit and compress. They bring together what may not know of each other:
the learners, the study, and the runs that tell of both."""

import logging
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from components.compression.compare import compare, variant_row
from components.compression.measure import pick
from components.contracts import TEST, Job
from components.files import dvc_md5, file_digest, read_json, whole_folder, write_json
from components.params import override
from components.registry.curves import EpochCurves
from components.registry.runs import BEST_MD5, FITTED_MD5, adopt_search, end_orphans, parent_run, run_of_fit
from components.registry.track import Tracker, connect
from components.registry.trials import Trial, log_trials
from components.training.fit import fit as train
from components.training.fit import resume_epoch
from components.tuning.figures import study_pictures
from components.tuning.search import Fit, TrialRecord, records, summary
from components.tuning.search import search as run_study
from pipelines.cases import load_case
from pipelines.resume import close_state, code_md5, open_state, recorded_md5

log = logging.getLogger(__name__)

WEIGHTS = "learner.pt"
DATABASE = "CASEBOOK_DATABASE_URL"


def search(job: Job) -> None:
    """Run or resume the study and leave what won in `best.json`."""
    case = load_case(job)
    out = job.paths.best(job.case)
    inputs = _inputs(job, job.params.search.model_dump(mode="json"))
    state = _state(job, "search", out, inputs)
    with _run(job, state, "search", {}) as (tracker, run):

        def tell(trials: list[TrialRecord]) -> None:
            log_trials(tracker, job.case, run, case.monitor, [Trial(**vars(trial)) for trial in trials])

        study = run_study(job, case, Fit(train, resume_epoch), storage_url=_storage(state), state=state, tell=tell)
        found = summary(study, job, case)
        tracker.log_json(run, found, "best.json")
        if len(records(study)) > 1:
            tracker.log_pictures(run, study_pictures(study, state / "pictures"))
        write_json(out, found)
        tracker.log_tags(run, {BEST_MD5: dvc_md5(out)})
    close_state(state, out)


def fit(job: Job) -> None:
    """Train with the values that won, add the baselines, and leave all of it in `fitted/`."""
    case = load_case(job)
    best = job.paths.best(job.case)
    job = Job(job.case, override(job.params, read_json(best)["values"]), job.paths, job.smoke)
    out = job.paths.fitted(job.case)
    state = _state(job, "fit", out, _inputs(job, {"best": file_digest(best)}))
    with _run(job, state, "fit", {"casebook.smoke": str(job.smoke).lower()}) as (tracker, run):
        _tell_inputs(tracker, run, job)
        adopt_search(tracker, job.case, dvc_md5(best), run)
        learner, result = train(job, case, state=state, callbacks=[EpochCurves(tracker, run)])
        with whole_folder(out) as folder:
            case.assemble(job, learner, folder)
            torch.save(learner.state_dict(), folder / WEIGHTS)
            write_json(folder / "fit.json", {"result": asdict(result), "values": read_json(best)["values"]})
        tracker.log_tags(run, {FITTED_MD5: dvc_md5(out)})
    close_state(state, out)


def compress(job: Job) -> None:
    """Make and measure the variants, and leave the one picked in `bundle/`."""
    case, fitted = load_case(job), job.paths.fitted(job.case)
    values = read_json(fitted / "fit.json")["values"]
    tuned = Job(job.case, override(job.params, values), job.paths, job.smoke)
    out, report = job.paths.bundle(job.case), job.paths.compression(job.case)
    state = _state(job, "compress", out, _inputs(job, {"fitted": dvc_md5(fitted)}))
    folders = case.variants(tuned, fitted, state)
    variants = compare(tuned, case, folders)
    chosen = pick(variants, job.params.compress.max_metric_drop)
    log.info("picked %s: %d bytes, loss %+.4f", chosen.name, chosen.bytes, chosen.loss.value)
    rows = [variant_row(variant) for variant in variants]
    with whole_folder(report) as folder:
        write_json(folder / "variants.json", {"picked": chosen.name, "variants": rows})
        answers = case.answers(tuned, folders[chosen.name], TEST)
        pd.DataFrame({"score": answers.score}).to_parquet(folder / "answers.parquet", index=False)
    with whole_folder(out) as folder:
        shutil.copytree(folders[chosen.name], folder, dirs_exist_ok=True)
    close_state(state, out)
    tracker = connect(job.paths.root)
    run = run_of_fit(tracker, job.case, dvc_md5(fitted))
    tracker.log_table(run, pd.json_normalize(rows), "variants")
    tracker.log_tags(run, {"variant": chosen.name})
    tracker.log_params(run, {"compress": job.params.compress.model_dump(mode="json")})


def _tell_inputs(tracker: Tracker, run: str, job: Job) -> None:
    blocks = job.params.model_dump(mode="json")
    tracker.log_params(run, {name: blocks[name] for name in ("model", "fit", "prepare")})
    prepared = job.paths.prepared(job.case)
    tracker.log_dataset(run, prepared, f"{job.case} prepared", dvc_md5(prepared), "training")


@contextmanager
def _run(job: Job, state: Path, name: str, tags: Mapping[str, str]) -> Iterator[tuple[Tracker, str]]:
    tracker = connect(job.paths.root)
    end_orphans(tracker, job.case)
    flow = {"prefect.flow_run_id": os.environ["PREFECT__FLOW_RUN_ID"]} if "PREFECT__FLOW_RUN_ID" in os.environ else {}
    with parent_run(tracker, job.case, state, name, {**tags, **flow, "casebook.stage": name}) as run:
        yield tracker, run


def _state(job: Job, stage: str, out: Path, inputs: dict[str, Any]) -> Path:
    root = job.paths.root
    return open_state(job.paths.state(job.case) / stage, inputs, recorded_md5(root, f"{stage}@{job.case}", out))


def _inputs(job: Job, more: dict[str, Any]) -> dict[str, Any]:
    blocks = job.params.model_dump(mode="json")
    used = {name: blocks[name] for name in ("model", "fit", "code")}
    data = dvc_md5(job.paths.prepared(job.case))
    return {"params": used, "data": data, "code": code_md5(job.paths.root), "smoke": job.smoke, **more}


def _storage(state: Path) -> str:
    """One database for all where a team has one, else a file that belongs to this study."""
    return os.environ.get(DATABASE) or f"sqlite:///{state / 'study.db'}"
