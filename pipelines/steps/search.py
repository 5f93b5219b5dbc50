"""Optuna over the case's space: `models/<case>/best.json`."""

import os
from pathlib import Path
from typing import Any

from components.core.files import dvc_md5, write_json
from components.core.job import Job
from components.core.parts import Training
from components.core.recipe import recipe_of
from components.core.results import TrialRecord
from components.tracking.runs import BEST_MD5, NOTE
from components.tracking.track import Tracker
from components.tracking.trials import OBJECTIVE, log_trials
from components.training.fit import fit, resume_point
from components.tuning.figures import study_pictures
from components.tuning.search import search
from components.tuning.study import Study, Tell, summary
from components.tuning.trials import FitFunctions
from pipelines.resume import close_state, inputs_of, state_of
from pipelines.tracking import stage_run

DATABASE = "CASEBOOK_DATABASE_URL"
HOW = ("workers", "dask", "lost_after_s", "retries")  # who searches, not for what: a study goes on after an edit


def run(job: Job) -> None:
    """Run the study, or resume it where a kill cut it off."""
    training, out = recipe_of(job).training, job.paths.best(job.case)
    state = state_of(job, "search", out, search_inputs(job))
    with stage_run(job, state, "search") as (tracker, run_id):

        def tell(trials: list[TrialRecord]) -> None:
            log_trials(tracker, job.case, run_id, training.monitor, trials)

        study = _study(job, training, state, tell)
        found = summary(study, job, training)
        tracker.log_json(run_id, found, "best.json")
        tracker.log_pictures(run_id, study_pictures(study, state / "pictures", training.monitor))
        write_json(out, found)
        best = None if found["value"] is None else study.best_trial.number  # `trial` counts without repeated ones
        tell_best(tracker, run_id, found, best)
        tracker.log_tags(run_id, {BEST_MD5: dvc_md5(out)})
    close_state(state, out)


def tell_best(tracker: Tracker, run_id: str, found: dict[str, Any], best: int | None) -> None:
    """The winner as the search's own metric and params, under the names that its trials have, and in its name."""
    value, counts = found["value"], found["trials"]
    tried = f"{counts['complete']} complete trial{'' if counts['complete'] == 1 else 's'}, {counts['pruned']} pruned"
    if best is None:
        words = f"No trial: the values of params.yaml are used ({tried})."
    else:
        words = f"Best of {tried}: `{found['monitor']}` {value:.4f}, of trial {best:03d}, whose parameters are below."
        tracker.log_metrics(run_id, {OBJECTIVE: value})
        tracker.log_params(run_id, found["values"])
    tracker.log_tags(run_id, {NOTE: words})
    # Its place is below the fit's run, where a name of the case would leave no room for the value.
    name = "search (no trials)" if best is None else f"search {value:.4f} {found['monitor']}"
    tracker.client.update_run(run_id, name=name)


def _study(job: Job, training: Training, state: Path, tell: Tell) -> Study:
    params = job.params.search
    if job.smoke or (not os.environ.get(DATABASE) and params.workers == 1 and params.dask is None):
        return search(
            job, training, FitFunctions(fit, resume_point), storage_url=storage_url(state), state=state, tell=tell
        )
    from pipelines.workers import search_together

    return search_together(job, training, state, storage_url(state), tell)


def search_inputs(job: Job) -> dict[str, Any]:
    """What a study rests on; see `inputs_of`."""
    inputs = inputs_of(job, "search", "search")
    searched = inputs["params"]["search"]
    inputs["params"]["search"] = {key: value for key, value in searched.items() if key not in HOW}
    return inputs


def storage_url(state: Path) -> str:
    """One database for all where a team has one, else a file that belongs to this study."""
    return os.environ.get(DATABASE) or f"sqlite:///{state / 'study.db'}"
