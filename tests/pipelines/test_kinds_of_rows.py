"""Rows of several classes, of a number and of competing risks through the same dvc.yaml: released, asked, watched, and
let pass by a person where the gate has refused.
"""

# ruff: noqa: F811 - a fixture of another module is an argument here

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from components.core.recipe import load_recipe
from tests.pipelines.conftest import Checkout, copy_of, operate
from tests.pipelines.test_cli import Casebook, casebook, real  # noqa: F401 - a fixture
from tests.toy.jobs import toy_params

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Kind:
    """A case of params.yaml: what its toy rows are released as, its rows' file, a column, and what is answered."""

    case: str
    called: str
    rows: str
    column: str
    metrics: frozenset[str]
    baselines: frozenset[str]
    check: Callable[[pd.DataFrame, pd.DataFrame], None]


def check_classes(rows: pd.DataFrame, answers: pd.DataFrame) -> None:
    names = ["VF", "F", "M", "L"]
    shares = answers[[f"p_{name}" for name in names]].to_numpy()
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    assert answers["class"].tolist() == [names[place] for place in shares.argmax(axis=1)]
    np.testing.assert_allclose(answers["probability"], shares.max(axis=1))
    assert (answers["class"] == rows["class"]).mean() > 0.5
    assert (answers["reasons"].map(len) > 0).mean() > 0.9  # of some rows nothing speaks for the answer


def check_numbers(rows: pd.DataFrame, answers: pd.DataFrame) -> None:
    low, value, high = (answers[name].to_numpy() for name in ("low", "value", "high"))
    assert ((low <= value) & (value <= high)).all()
    truth = rows["Sale_Price"]
    assert np.corrcoef(truth, value)[0, 1] > 0.5
    assert ((low <= truth) & (truth <= high)).mean() > 0.6
    assert (answers["reasons"].map(len) > 0).mean() > 0.9  # of some rows nothing speaks for the answer


def check_risks(rows: pd.DataFrame, answers: pd.DataFrame) -> None:
    horizons, causes = toy_params("medical_mortality").model["curve"]["horizons"], ("circulatory", "cancer", "other")
    before = np.zeros((len(causes), len(rows)))
    for horizon in (f"{years:g}y" for years in horizons):
        risks = answers[[f"risk_{cause}_{horizon}" for cause in causes]].to_numpy().T
        assert (risks >= before).all()
        np.testing.assert_allclose(risks.sum(axis=0) + answers[f"survival_{horizon}"], 1)
        before = risks
    np.testing.assert_allclose(answers["score"], before[0])
    assert set(answers["decision"]) <= {"high risk", "not high risk"}


KINDS = (
    Kind(
        "cluster_jobs",
        "jobs",
        "rows.csv",
        "compounds",
        frozenset({"log_loss", "macro_f1", "auc", "accuracy", "auc@L", "f1@VF"}),
        frozenset({"logistic", "lightgbm"}),
        check_classes,
    ),
    Kind(
        "house_prices",
        "houses",
        "rows.csv",
        "Gr_Liv_Area",
        frozenset({"rmse", "mae", "r2", "coverage", "width"}),
        frozenset({"ridge", "lightgbm"}),
        check_numbers,
    ),
    Kind(
        "medical_mortality",
        "deaths",
        "cohort.csv",
        "creatinine",
        frozenset({"ibs", "ibs@cancer", "c_index@circulatory"}),
        frozenset({"aalen_johansen", "cox"}),
        check_risks,
    ),
)


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: kind.case)
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


@pytest.fixture(scope="module")
def released(kind: Kind, tmp_path_factory: pytest.TempPathFactory, released_case: Callable[..., Any]) -> Any:
    return released_case(kind.case, kind.called, tmp_path_factory.mktemp(kind.called))


def rows_of(kind: Kind, released: Any) -> pd.DataFrame:
    return pd.read_csv(released.root / kind.called / kind.rows)


def test_rows_become_a_champion_with_a_card(kind: Kind, released: Any) -> None:
    release = released.json(f"reports/{kind.called}/release.json")
    assert release["promoted"] is True, release
    metrics = released.json(f"reports/{kind.called}/metrics.json")
    assert kind.metrics <= set(metrics["test"])
    assert kind.baselines <= set(metrics["baselines"])
    recipe = load_recipe(released.params()["cases"][kind.called]["recipe"])
    checks = {check["name"] for check in release["checks"]}
    assert {f"stated {metric}" for metric in recipe.stated} <= checks
    assert {f"calibration {metric}" for metric in recipe.probability_scores} <= checks
    card = (released.root / "reports" / kind.called / "card.md").read_text(encoding="utf-8")
    assert "Research software" in card
    assert {one["name"] for one in metrics["variants"]} >= {"fp32", "int8_dynamic"}


def test_the_champion_answers_a_file_and_refuses_one_that_lacks_a_column(
    kind: Kind, released: Any, tmp_path: Path
) -> None:
    rows, out = rows_of(kind, released), tmp_path / "answers.parquet"
    rows.to_csv(tmp_path / "rows.csv", index=False)
    command = ("predict", kind.called, str(tmp_path / "rows.csv"), "--no-log", "--out", str(out))
    said = real(released, *command)
    assert said.code == 0, said
    answers = pd.read_parquet(out)
    assert len(answers) == len(rows)
    assert answers["row"].tolist() == list(range(1, len(rows) + 1))
    assert answers.columns[-2:].tolist() == ["reasons", "warnings"]
    kind.check(rows, answers)
    rows.drop(columns=kind.column).to_csv(tmp_path / "rows.csv", index=False)
    out.unlink()
    assert kind.column in real(released, *command).problem
    assert not out.exists()


def test_python_is_answered_what_the_command_writes(
    kind: Kind, released: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import casebook as api

    source, out = released.root / kind.called / kind.rows, tmp_path / "answers.json"
    assert real(released, "predict", kind.called, str(source), "--no-log", "--out", str(out)).code == 0
    monkeypatch.chdir(released.root)
    rows = json.loads(rows_of(kind, released).head(5).to_json(orient="records"))
    found, expected = api.load(kind.called).predict(rows), json.loads(out.read_text(encoding="utf-8"))[:5]
    pd.testing.assert_frame_equal(pd.DataFrame(found), pd.DataFrame(expected))


def test_monitoring_finds_nothing_in_the_same_rows_and_a_column_that_has_drifted(
    kind: Kind, released: Any, casebook: Casebook, tmp_path: Path
) -> None:
    made = copy_of(released, tmp_path / "checkout")
    made.write_params({**made.params(), "operate": operate()})
    rows = rows_of(kind, released)
    rows.to_csv(tmp_path / "same.csv", index=False)
    rows.assign(**{kind.column: rows[kind.column] * 3}).to_csv(tmp_path / "drifted.csv", index=False)
    assert found_in(made, kind, casebook, tmp_path / "same.csv") == []
    assert kind.column in found_in(made, kind, casebook, tmp_path / "drifted.csv")
    quality = made.json(f"reports/{kind.called}/monitoring/monitoring.json")["quality"]
    assert quality["rows"] == len(rows)


def found_in(made: Checkout, kind: Kind, casebook: Casebook, rows: Path) -> list[str]:
    said = casebook(made.root, "monitor", kind.called, "--no-retrain", "--rows", str(rows))
    assert said.code == 0, said
    figures = made.json(f"reports/{kind.called}/monitoring/monitoring.json")
    return [one["name"] for one in figures["columns"] if one["drifted"]]


@pytest.mark.parametrize("kind", [one for one in KINDS if one.case == "house_prices"], ids=lambda kind: kind.case)
def test_the_gate_refuses_what_misses_a_floor_in_dollars_and_a_person_may_let_it_pass(
    kind: Kind, released_case: Callable[..., Any], tmp_path: Path
) -> None:
    """The gate is the same for all; here its figures are in units of the data."""
    made = released_case(kind.case, kind.called, tmp_path)
    made.set("release.floors", {"rmse": 100.0}, case=kind.called)
    made.commit()
    refused = real(made, "promote", kind.called)
    assert refused.code == 3, refused
    assert f"{kind.called} version 1: refused" in refused.out
    assert "at most 100.00" in refused.out
    word = ["--who", "Ada Lovelace", "--because", "the board sees it on Friday", "--until", "2030-12-31"]
    allowed = real(made, "promote", kind.called, "--override", *word)
    assert allowed.code == 0, allowed
    (shown,) = real(made, "champion", kind.called, "--json").json["overrides"]
    assert (shown["check"], shown["who"]) == ("floor rmse", "Ada Lovelace")
