"""Trials in MLflow: each under its search, as what it was, once."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from mlflow.entities import Run

from components.core.results import TrialRecord
from components.tracking.runs import PARENT, new_run
from components.tracking.track import Tracker
from components.tracking.trials import log_trials

CASE = "finance_risk"
BEGIN = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def a_trial(number: int, state: Any = "COMPLETE", value: float | None = 0.85) -> TrialRecord:
    return TrialRecord(
        number=number,
        state=state,
        params={"fit.lr": 1e-3, "model.dropout": 0.1},
        value=value,
        curve={0: 0.80, 1: 0.85},
        started=BEGIN + timedelta(minutes=number),
        ended=BEGIN + timedelta(minutes=number, seconds=30),
    )


@pytest.fixture
def search(tracker: Tracker) -> str:
    return new_run(tracker, CASE, "search", {})


def children(tracker: Tracker, search: str) -> dict[str, Run]:
    found = tracker.client.search_runs([tracker.experiment(CASE)], f"tags.`{PARENT}` = '{search}'")
    assert len({run.info.run_name for run in found}) == len(found)
    return {str(run.info.run_name): run for run in found}


def test_complete_pruned_and_failed_trials_end_as_what_they_were(tracker: Tracker, search: str) -> None:
    trials = [a_trial(0), a_trial(1, "PRUNED", 0.80), a_trial(2, "FAIL", None)]
    log_trials(tracker, CASE, search, "val/auc", trials)
    runs = children(tracker, search)
    assert {name: (run.info.status, run.data.tags["optuna.state"]) for name, run in runs.items()} == {
        "trial 000": ("FINISHED", "COMPLETE"),
        "pruned 001": ("FINISHED", "PRUNED"),
        "failed 002": ("FAILED", "FAIL"),
    }
    first = runs["trial 000"]
    assert first.data.params == {"fit.lr": "0.001", "model.dropout": "0.1"}
    assert first.data.metrics == {"val/auc": 0.85, "objective": 0.85}
    assert first.info.end_time is not None
    assert first.info.end_time - first.info.start_time == 30_000
    history = tracker.client.get_metric_history(first.info.run_id, "val/auc")
    assert [(point.step, point.value) for point in history] == [(0, 0.80), (1, 0.85)]
    assert runs["pruned 001"].data.tags["mlflow.note.content"] == (
        "Pruned at step 1, with `val/auc` 0.8500: it was worse by then than the median of the trials before it."
    )
    assert runs["failed 002"].data.metrics == {"val/auc": 0.85}


def test_trials_told_twice_are_there_once(tracker: Tracker, search: str) -> None:
    log_trials(tracker, CASE, search, "val/auc", [a_trial(0)])
    before = children(tracker, search)
    log_trials(tracker, CASE, search, "val/auc", [a_trial(0), a_trial(1)])
    after = children(tracker, search)
    assert after.keys() == {"trial 000", "trial 001"}
    assert after["trial 000"].info.run_id == before["trial 000"].info.run_id


@pytest.mark.parametrize("cut", ["log_batch", "set_terminated"])
def test_a_half_told_trial_is_completed_in_its_own_run(
    tracker: Tracker, search: str, monkeypatch: pytest.MonkeyPatch, cut: str
) -> None:
    def stop(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(tracker.client, cut, stop)
    with pytest.raises(KeyboardInterrupt):
        log_trials(tracker, CASE, search, "val/auc", [a_trial(0, "PRUNED")])
    monkeypatch.undo()
    half = children(tracker, search)["pruned 000"]
    assert half.info.status == "RUNNING"
    tracker.client.set_terminated(half.info.run_id, "KILLED")  # as the next start does
    log_trials(tracker, CASE, search, "val/auc", [a_trial(0, "PRUNED")])
    whole = children(tracker, search)["pruned 000"]
    assert whole.info.run_id == half.info.run_id
    assert (whole.info.status, whole.data.tags["optuna.state"]) == ("FINISHED", "PRUNED")
    history = tracker.client.get_metric_history(whole.info.run_id, "val/auc")
    assert [(point.step, point.value) for point in history] == [(0, 0.80), (1, 0.85)]


def test_an_orphaned_complete_trial_does_not_stay_killed(tracker: Tracker, search: str) -> None:
    log_trials(tracker, CASE, search, "val/auc", [a_trial(0)])
    run = children(tracker, search)["trial 000"].info.run_id
    tracker.client.set_terminated(run, "KILLED")
    log_trials(tracker, CASE, search, "val/auc", [a_trial(0)])
    assert tracker.client.get_run(run).info.status == "FINISHED"


def test_two_searches_keep_their_trials_apart(tracker: Tracker, search: str) -> None:
    other = new_run(tracker, CASE, "search", {})
    for one in (search, other):
        log_trials(tracker, CASE, one, "val/auc", [a_trial(0)])
    assert len(children(tracker, search)) == len(children(tracker, other)) == 1


def test_a_generator_and_a_value_that_is_not_a_number(tracker: Tracker, search: str) -> None:
    def made() -> Iterator[TrialRecord]:
        yield a_trial(0, "FAIL", math.nan)

    log_trials(tracker, CASE, search, "val/ndcg@10", made())
    metrics = children(tracker, search)["failed 000"].data.metrics
    assert math.isnan(metrics["objective"])
    assert metrics["val/ndcg_at_10"] == 0.85
