"""What a run says at its end."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from components.core.files import write_json
from components.core.params.case import Params
from components.core.params.load import load_params
from components.core.recipe import load_recipe
from pipelines.closing import Ended, closing

ROOT = Path(__file__).resolve().parents[2]
SCORED = {
    "metric": "auc",
    "test": 0.79341,
    "low": 0.75712,
    "high": 0.82789,
    "baseline": 0.78013,
    "best_baseline": "logistic",
    "rows": 1234,
    "gate": "promoted",
}
BEATEN = {
    "name": "baseline logistic",
    "passed": True,
    "reason": "auc +0.0133 [-0.0021, +0.0280] over logistic (0.7801), at least +0.0000",
}
PREDICT = "casebook predict {case} data/raw/{case}/rows.parquet --out answers.csv"


@pytest.fixture(autouse=True)
def _embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")


@pytest.fixture
def params() -> Params:
    case = load_params(ROOT / "params.yaml").case("finance_risk")
    return Params(cases=dict.fromkeys(("loans", "cards", "heir"), case))


def release(root: Path, case: str, summary: dict[str, Any], **release: Any) -> None:
    reports = root / "reports" / case
    reports.mkdir(parents=True)
    write_json(reports / "summary.json", {**SCORED, **summary})
    write_json(reports / "release.json", {"version": "3", "promoted": True, "reasons": [], "checks": [], **release})


def test_a_promoted_case_is_told_beside_its_best_baseline_with_where_to_look(tmp_path: Path, params: Params) -> None:
    release(tmp_path, "loans", {}, checks=[{"name": "real", "passed": True, "reason": ""}, BEATEN])
    told = [
        "  served   auc 0.7934 [0.7571, 0.8279] on 1,234 test rows",
        "  gain     +0.0133 [-0.0021, +0.0280] over logistic (0.7801), the best baseline",
        "  card     reports/loans/card.md",
        f"  predict  {PREDICT.format(case='loans')}",
        "MLflow's pages: casebook ui",
    ]
    done = list(closing([Ended("loans", "done", 91.4)], params, tmp_path))
    assert done == ["loans: version 3 promoted after 1 min 31 s", *told]
    current = list(closing([Ended("loans", "up to date")], params, tmp_path))
    assert current == ["loans: version 3 promoted, up to date", *told]


def test_a_refused_case_says_why_and_how_that_version_answers(tmp_path: Path, params: Params) -> None:
    summary = {"gate": "refused: floor auc, baseline logistic", "low": None, "rows": None}
    reasons = ["auc 0.7934 [0.7571, 0.8279], at least 0.8000", "logistic could not be compared: no rows"]
    checks = [{"name": "baseline logistic", "passed": False, "reason": reasons[1]}]
    release(tmp_path, "loans", summary, promoted=False, reasons=reasons, checks=checks)
    assert list(closing([Ended("loans", "done", 5)], params, tmp_path)) == [
        "loans: version 3 refused after 5 s",
        f"  why      {reasons[0]}",
        f"  why      {reasons[1]}",
        "  served   auc 0.7934",
        "  gain     +0.0133 over logistic (0.7801), the best baseline",
        "  card     reports/loans/card.md",
        f"  predict  {PREDICT.format(case='loans')} --version 3",
        "MLflow's pages: casebook ui",
    ]


def test_where_lower_is_better_less_is_gained_as_more_is_elsewhere(
    tmp_path: Path, params: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors = replace(load_recipe("binary"), lower_is_better=frozenset({"auc"}))
    monkeypatch.setattr("pipelines.closing.load_recipe", lambda _: errors)
    release(tmp_path, "loans", {"test": 0.1, "baseline": 0.25})
    assert "  gain     +0.1500 over logistic (0.2500), the best baseline" in closing(
        [Ended("loans", "done", 5)], params, tmp_path
    )


def test_of_several_cases_each_ends_in_its_own_way(
    tmp_path: Path, params: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000")
    # An experiment, of no baseline: nothing is registered that could be asked.
    summary = {"gate": "passed", "baseline": None, "best_baseline": None, "test": None}
    release(tmp_path, "loans", summary, version=None, promoted=False)
    ended = [Ended("loans", "done", 60), Ended("cards", "failed", 3601), Ended("heir", "left out", lacking="cards")]
    assert list(closing(ended, params, tmp_path)) == [
        "loans: passed after 1 min 0 s",
        "  card     reports/loans/card.md",
        "cards: failed after 1 h 0 min; why stands above",
        "heir: not run; it starts from cards, which failed",
        "3 cases: 1 passed, 1 failed, 1 left out",
        "MLflow's pages: http://127.0.0.1:5000",
    ]
    failed = [Ended("loans", "failed"), Ended("cards", "failed")]
    assert list(closing(failed, params, tmp_path)) == [
        "loans: failed; why stands above",
        "cards: failed; why stands above",
        "2 cases: 2 failed",
    ]
