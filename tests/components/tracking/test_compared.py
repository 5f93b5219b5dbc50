"""Runs of what a served model is compared with: one for each, however often it is told."""

from components.tracking.compared import log_compared
from components.tracking.runs import PARENT, new_run
from components.tracking.track import Tracker

CASE = "finance_risk"
NOTES = {"lightgbm": "A baseline.", "network alone": "The network."}


def test_each_is_a_finished_run_below_the_served_one_with_the_same_names_of_metrics(tracker: Tracker) -> None:
    served = new_run(tracker, CASE, "finance_risk", {})
    new_run(tracker, CASE, "search", {PARENT: served})
    log_compared(tracker, CASE, served, {"lightgbm": {"test/auc": 0.85, "test/ndcg@10": 0.5}}, NOTES)
    told = {"lightgbm": {"test/auc": 0.86}, "network alone": {"test/auc": 0.84}}
    log_compared(tracker, CASE, served, told, NOTES)  # after a kill, or of an evaluation that ran again
    found = tracker.client.search_runs([tracker.experiment(CASE)], f"tags.`{PARENT}` = '{served}'")
    runs = {str(run.info.run_name): run for run in found}
    assert len(found) == len(runs) == 3
    assert runs["lightgbm"].data.metrics == {"test/auc": 0.86, "test/ndcg_at_10": 0.5}
    assert runs["network alone"].data.metrics == {"test/auc": 0.84}
    assert {name: run.info.status for name, run in runs.items()} == {
        "lightgbm": "FINISHED",
        "network alone": "FINISHED",
        "search": "RUNNING",
    }
    assert runs["lightgbm"].data.tags["mlflow.note.content"] == "A baseline."
