"""Trials of a search as runs nested in it, each ending as what it was."""

from collections.abc import Iterable
from datetime import datetime

from mlflow.entities import Metric, Param, Run, RunTag

from components.core.results import TrialRecord
from components.tracking.runs import PARENT, new_run, owner
from components.tracking.track import Tracker, cut_param, flat_params, plain_name

NUMBER, STATE = "casebook.trial", "optuna.state"
STATUS = {"COMPLETE": "FINISHED", "PRUNED": "KILLED", "FAIL": "FAILED"}
OBJECTIVE = "objective"


def log_trials(tracker: Tracker, case: str, search: str, monitor: str, trials: Iterable[TrialRecord]) -> None:
    """Give each trial its run under the run `search`; those that have theirs already cost nothing.

    Call it with all trials so far after a kill: what the dead process did not get to tell is told
    then, and a half-told trial is completed in its own run.
    """
    text = f"tags.`{PARENT}` = '{search}'"
    known = tracker.client.search_runs([tracker.experiment(case)], text, max_results=50_000)
    by_number = {run.data.tags[NUMBER]: run for run in known if NUMBER in run.data.tags}
    for trial in trials:
        run = by_number.get(str(trial.number))
        if run is None or not _told(run, trial):
            _tell(tracker, case, search, monitor, trial, run)


def _told(run: Run, trial: TrialRecord) -> bool:
    return run.info.status == STATUS[trial.state] and run.data.tags.get(STATE) == trial.state


def _tell(tracker: Tracker, case: str, search: str, monitor: str, trial: TrialRecord, run: Run | None) -> None:
    tags = {PARENT: search, NUMBER: str(trial.number), **owner()}
    name = f"trial {trial.number:03d}"
    told = new_run(tracker, case, name, tags, _milliseconds(trial.started)) if run is None else str(run.info.run_id)
    end = _milliseconds(trial.ended)
    # The same time each time: MLflow keeps one of two points that are equal in every field.
    metrics = [Metric(plain_name(monitor), value, end, at) for at, value in trial.curve.items()]
    if trial.value is not None:
        metrics.append(Metric(OBJECTIVE, trial.value, end, 0))
    params = [Param(key, cut_param(text)) for key, text in flat_params(trial.params)]
    tracker.client.log_batch(told, metrics, params, [RunTag(STATE, trial.state)])
    tracker.client.set_terminated(told, STATUS[trial.state], end)


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
