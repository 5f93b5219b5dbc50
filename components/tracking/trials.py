"""Trials of a search as runs nested in it, each ending as what it was."""

from collections.abc import Iterable
from datetime import datetime

from mlflow.entities import Metric, Param, Run, RunTag

from components.core.results import TrialRecord
from components.tracking.owners import owner
from components.tracking.runs import NOTE, PARENT, new_run
from components.tracking.track import Tracker, cut_param, flat_params, plain_name

NUMBER, STATE = "casebook.trial", "optuna.state"
# MLflow's pages put the same red cross to KILLED and FAILED, and a trial that was pruned did what it should.
STATUS = {"COMPLETE": "FINISHED", "PRUNED": "FINISHED", "FAIL": "FAILED"}
WORDS = {"COMPLETE": "trial", "PRUNED": "pruned", "FAIL": "failed"}  # short: a table of runs shows a dozen letters
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
    started = _milliseconds(trial.started)
    told = new_run(tracker, case, name_of(trial), tags, started) if run is None else str(run.info.run_id)
    end = _milliseconds(trial.ended)
    # The same time each time: MLflow keeps one of two points that are equal in every field.
    metrics = [Metric(plain_name(monitor), value, end, at) for at, value in trial.curve.items()]
    if trial.value is not None:
        metrics.append(Metric(OBJECTIVE, trial.value, end, 0))
    params = [Param(key, cut_param(text)) for key, text in flat_params(trial.params)]
    tracker.client.log_batch(told, metrics, params, [RunTag(STATE, trial.state), RunTag(NOTE, _note(monitor, trial))])
    tracker.client.set_terminated(told, STATUS[trial.state], end)


def name_of(trial: TrialRecord) -> str:
    """`trial 007`, or what became of one that gave no value, `pruned 007`: MLflow's own statuses do not say it."""
    return f"{WORDS[trial.state]} {trial.number:03d}"


def _note(monitor: str, trial: TrialRecord) -> str:
    if trial.state == "COMPLETE":
        return f"Trained to its end; `{OBJECTIVE}` is its best `{monitor}`."
    if trial.state == "FAIL":
        return "Failed, or was cut off by a kill; the search went on after it."
    last = max(trial.curve, default=None)
    reached = "" if last is None else f" at step {last}, with `{monitor}` {trial.curve[last]:.4f}"
    return f"Pruned{reached}: it was worse by then than the median of the trials before it."


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
