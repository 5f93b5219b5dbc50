"""Sentences and tables on a version, worked out by hand."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from components.core.job import Meta, Paths
from components.core.params.load import load_params
from components.core.recipe import load_recipe, make_job
from components.core.results import Interval
from pipelines.descriptions import about, comparison, headline, primary_metric

ROOT = Path(__file__).resolve().parents[2]
BINARY = load_recipe("binary")


def near(value: float) -> Interval:
    return Interval(value, value - 0.02, value + 0.02)


def scores(served: float, lightgbm: float = 0.8657, logistic: float = 0.84) -> dict[str, dict[str, Interval]]:
    values = {"model": served, "learner": 0.9, "lightgbm": lightgbm, "logistic": logistic}
    return {name: {"auc": near(value)} for name, value in values.items()}


@pytest.mark.parametrize(
    ("served", "beside"),
    [
        (0.8660, ", 0.0003 better than the best baseline (lightgbm, 0.8657)."),
        (0.8557, ", 0.0100 worse than the best baseline (lightgbm, 0.8657)."),
    ],
)
def test_the_headline_is_the_figure_its_interval_and_the_best_baseline(served: float, beside: str) -> None:
    shown = f"auc {served:.4f} [{served - 0.02:.4f}, {served + 0.02:.4f}] on 1,891 test rows"
    assert headline(BINARY, scores(served), 1891, smoke=False) == shown + beside
    assert headline(BINARY, scores(served), 1891, smoke=True).endswith(" A smoke model: its figures mean nothing.")


def test_a_figure_that_is_no_number_is_compared_with_nothing() -> None:
    assert headline(BINARY, scores(math.nan), 9, smoke=False) == "auc no number on 9 test rows."
    assert headline(BINARY, scores(0.8, math.nan, math.nan), 9, smoke=False).endswith("on 9 test rows.")


def test_where_low_is_better_the_best_baseline_is_the_lowest() -> None:
    recipe = replace(BINARY, primary="brier")
    test = {name: {"brier": one["auc"]} for name, one in scores(0.83).items()}
    assert headline(recipe, test, 9, smoke=False).endswith(", 0.0100 better than the best baseline (logistic, 0.8400).")


def test_the_table_has_the_served_variant_first_and_test_before_validation() -> None:
    validation = {name: one for name, one in scores(0.87).items() if name != "logistic"}
    found = {"validation": validation, "test": scores(0.866), "external": scores(0.8)}
    table = comparison(BINARY, found, "int8").replace("&emsp;", "").splitlines()
    assert table[:3] == [
        "| auc | test | external | validation |",
        "|---|---|---|---|",
        "| **served** (int8) | 0.8660 [0.8460, 0.8860] | 0.8000 [0.7800, 0.8200] | 0.8700 [0.8500, 0.8900] |",
    ]
    assert table[3].startswith("| network alone | 0.9000")
    assert table[-1] == "| logistic | 0.8400 [0.8200, 0.8600] | 0.8400 [0.8200, 0.8600] | – |"


def test_a_case_is_a_paragraph(tmp_path: Path) -> None:
    job = make_job("finance_risk", load_params(ROOT / "params.yaml").case("finance_risk"), Paths(tmp_path))
    Meta("finance_risk", {}, {}, {"citation": "Loans of a bank", "licence": "MIT"}, {}).write(
        job.paths.prepared("finance_risk")
    )
    text = about(job, BINARY)
    assert text.startswith("Research and teaching on credit scoring with tabular models. **Research software, not for")
    assert text.endswith("Data: Loans of a bank; licence: MIT. Primary metric: `test/auc`, higher is better.")
    assert "\n" not in text
    assert primary_metric(load_recipe("next_item")).startswith("test/ndcg_at_")
