"""The card from what the stages leave: two tables worked out by hand, and the whole of a released case."""

from pathlib import Path
from typing import Any

import pytest

from components.contracts import Interval, Paths
from components.params import load_params
from components.recipe import make_job, recipe_of
from pipelines.cards import calibration_table, fairness_table, interval, origin, shown, variants_table


def bounds(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.1, "high": value + 0.1}


GROUP = {
    "column": "Age",
    "minimum": 50,
    "groups": [
        {"name": "under 25", "rows": 60, "approval_interval": bounds(0.5), "good_approval_interval": bounds(0.75)},
        {"name": "over 25", "rows": 40, "approval_interval": bounds(0.8), "good_approval_interval": None},
    ],
    "approval_ratio": bounds(0.625),
    "opportunity_gap": None,
}


def test_fairness_shows_each_group_and_says_what_could_not_be_compared() -> None:
    table = fairness_table(GROUP)
    assert table.columns[0] == "Age"
    assert table.rows[0] == ["under 25", 60, Interval(0.5, 0.4, 0.6), Interval(0.75, 0.65, 0.85)]
    assert table.rows[1][3] is None
    assert "approval rate: 0.625 [0.525, 0.725]." in table.note
    assert "good payers: not enough rows." in table.note
    assert "under 50 rows" in table.note


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ({"kind": "wheel", "requirement": "rows==1.0", "archive": "wheel"}, "rows==1.0"),
        ({"kind": "folder", "path": "lab"}, "lab"),
        ({"kind": "http", "base": "https://host/x", "manifest": "m"}, "https://host/x"),
    ],
)
def test_where_the_data_are_from(source: dict[str, str], expected: str) -> None:
    assert origin(source) == expected


def test_calibration_shows_bands_and_the_method() -> None:
    band = {"band": 1, "low": 0.0, "high": 0.1, "rows": 40, "bad": 2, "bad_rate": 2 / 40, "mean_score": 0.06}
    table = calibration_table({"bands": [band], "calibrator": "beta", "psi_score": 0.0123})
    assert table.columns == ["band", "low", "high", "rows", "bad rate", "mean score"]
    assert table.rows == [[1, 0.0, 0.1, 40, 0.05, 0.06]]
    assert "beta" in table.note
    assert "0.012" in table.note
    assert calibration_table({}).rows == []  # a case without score bands


def test_variants_mark_the_picked_one() -> None:
    common = {"bytes": 10, "p50_ms": 1.0, "p99_ms": 2.0, "per_s": 1234.6, "largest_difference": 0.0}
    common |= {"loss_on_validation": bounds(0.0), "auc": bounds(0.8)}
    table = variants_table({"picked": "int8", "variants": [common | {"name": n} for n in ("fp32", "int8")]}, "auc")
    assert [row[0] for row in table.rows] == ["fp32", "int8 (picked)"]
    assert table.rows[0][4] == 1235
    assert table.columns[5] == "auc"
    assert table.rows[0][5] == interval(bounds(0.8))


def test_an_interval_that_is_none() -> None:
    assert interval(None) is None
    assert shown(None) == "not enough rows"


@pytest.mark.slow
def test_the_card_of_a_released_case(pristine: Any) -> None:
    card = (pristine.root / "reports" / "toy" / "card.md").read_text(encoding="utf-8")
    job = make_job("toy", load_params(pristine.root / "params.yaml").case("toy"), Paths(Path(pristine.root)))
    release, metrics = pristine.json("reports/toy/release.json"), pristine.json("reports/toy/metrics.json")
    primary = recipe_of(job).primary
    value = metrics["test"][primary]["value"]
    expected = [job.params.evaluate["notice"], job.params.evaluate["limits"], "made up", f"{value:.4f}"]
    expected += [check["reason"] for check in release["checks"]]
    expected += [release["commit"], release["data_md5"], "lightgbm", "logistic", "(picked)", "Marital"]
    assert [text for text in expected if text not in card] == []
    assert pristine.rows("select value from tags where key = 'mlflow.note.content'")[-1][0] == card
