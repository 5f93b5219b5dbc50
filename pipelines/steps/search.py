"""Optuna over the case's space: `models/<case>/best.json`."""

import os
from pathlib import Path

from components.contracts import Job
from components.files import dvc_md5, write_json
from components.registry.runs import BEST_MD5
from components.registry.trials import Trial, log_trials
from components.training.fit import fit, resume_epoch
from components.tuning.figures import study_pictures
from components.tuning.search import search
from components.tuning.study import TrialRecord, summary
from components.tuning.trials import Fit
from pipelines.cases import load_case
from pipelines.resume import close_state, inputs_of, state_of
from pipelines.tracking import stage_run

DATABASE = "CASEBOOK_DATABASE_URL"


def run(job: Job) -> None:
    """Run the study, or resume it where a kill cut it off."""
    case, out = load_case(job), job.paths.best(job.case)
    state = state_of(job, "search", out, inputs_of(job, "search"))
    with stage_run(job, state, "search") as (tracker, run_id):

        def tell(trials: list[TrialRecord]) -> None:
            log_trials(tracker, job.case, run_id, case.monitor, [Trial(**vars(trial)) for trial in trials])

        study = search(job, case, Fit(fit, resume_epoch), storage_url=storage_url(state), state=state, tell=tell)
        found = summary(study, job, case)
        tracker.log_json(run_id, found, "best.json")
        tracker.log_pictures(run_id, study_pictures(study, state / "pictures"))
        write_json(out, found)
        tracker.log_tags(run_id, {BEST_MD5: dvc_md5(out)})
    close_state(state, out)


def storage_url(state: Path) -> str:
    """One database for all where a team has one, else a file that belongs to this study."""
    return os.environ.get(DATABASE) or f"sqlite:///{state / 'study.db'}"
