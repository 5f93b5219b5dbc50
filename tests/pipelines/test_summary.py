"""The dozen figures of a release."""

import json
from pathlib import Path

from components.core.files import write_json
from components.core.job import Paths
from components.core.recipe import load_recipe
from components.core.results import Check, Decision, Interval, Scores
from components.evaluation.scores import write_scores
from pipelines.summary import COLUMNS, read_summary, summarise
from tests.toy.jobs import toy_job

CASE = "finance_risk"
DECISIONS = {
    "promoted": (Decision(True, (Check("committed", True, ""),)), True),
    "passed": (Decision(True, (Check("committed", True, ""),)), False),
    "refused: floor auc, baseline": (
        Decision(False, (Check("a", True, ""), Check("floor auc", False, ""), Check("baseline", False, ""))),
        True,
    ),
}


def at(value: float) -> dict[str, Interval]:
    return {"auc": Interval(value, value - 0.1, value + 0.1)}


def test_what_is_served_stands_beside_the_best_baseline(tmp_path: Path) -> None:
    job, recipe = toy_job(CASE, tmp_path), load_recipe("binary")
    evaluation = job.paths.evaluation(CASE)
    evaluation.mkdir(parents=True)
    test = {"model": at(0.8), "learner": at(0.9), "logistic": at(0.7), "lightgbm": at(0.75)}
    write_scores(evaluation, [Scores("validation", {"model": at(0.85)}), Scores("test", test)])
    variants = [{"name": "fp32", "bytes": 10, "p50_ms": 2.0}, {"name": "pruned", "bytes": 5, "p50_ms": 1.5}]
    job.paths.compression(CASE).mkdir(parents=True)
    write_json(job.paths.compression(CASE) / "variants.json", {"picked": "pruned", "variants": variants})
    job.paths.prepared(CASE).mkdir(parents=True)
    meta = {"case": CASE, "rows": {"train": 8, "test": 4}, "rejected": {}, "source": {}, "data": {}}
    (job.paths.prepared(CASE) / "meta.json").write_text(json.dumps(meta), encoding="utf-8")
    for answer, (decision, registered) in DECISIONS.items():
        served = {"auc": Interval(0.79, 0.7, float("nan"))}
        assert summarise(job, recipe, served, decision, registered=registered) == {
            "metric": "auc",
            "test": 0.79,
            "low": 0.7,
            "high": None,
            "validation": 0.85,
            "baseline": 0.75,
            "best_baseline": "lightgbm",
            "variant": "pruned",
            "bytes": 5,
            "p50_ms": 1.5,
            "rows": 4,
            "gate": answer,
        }


def test_a_case_that_never_ran_has_no_figures(tmp_path: Path) -> None:
    found = read_summary(Paths(tmp_path), "mine")
    assert tuple(found) == COLUMNS
    assert found.pop("gate") == "never ran"
    assert set(found.values()) == {None}
