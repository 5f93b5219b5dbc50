"""`casebook new` without a recipe: it picks one from the target and the options, says which and why, or asks."""

import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from components.core.job import Job, Meta, Paths
from components.core.params.defaults import defaults_of
from components.core.params.load import load_params
from components.core.recipe import make_job
from pipelines.cli import app
from pipelines.commands.newasked import Asked
from pipelines.commands.newcase import new_case
from pipelines.steps import fetch, prepare

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copyfile(ROOT / "params.yaml", tmp_path / "params.yaml")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def prepared(root: Path, name: str) -> Job:
    job = make_job(name, load_params(root / "params.yaml").case(name), Paths(root))
    fetch.run(job)
    prepare.run(job)
    return job


def picked(root: Path, rows: dict[str, Any], *words: str) -> tuple[Any, str]:
    """The case that `casebook new` makes without being told the recipe, and what it says."""
    pd.DataFrame(rows).to_csv(root / "rows.csv", index=False)
    done = CliRunner().invoke(app, ["new", "mine", "--csv", "rows.csv", *words])
    assert done.exit_code == 0, done.exception
    return load_params(root / "params.yaml").case("mine"), done.output


RANDOM = np.random.default_rng(4)
X = RANDOM.normal(size=300).round(3)


@pytest.mark.parametrize(
    ("rows", "recipe", "why"),
    [
        ({"y": np.where(X + RANDOM.normal(size=300) > 0, "yes", "no")}, "binary", "y has two values: its values are "),
        ({"y": np.digitize(X + RANDOM.normal(size=300), [-1, 0, 1])}, None, "are they classes, or a number"),
        ({"y": np.array(["low", "mid", "high"])[np.arange(300) % 3]}, "multiclass", "it has 3 values, which are words"),
        ({"y": (X + RANDOM.normal(size=300)).round(2)}, "regression", "values, with decimals"),
        ({"y": RANDOM.poisson(np.exp(1 + X))}, "regression", "model.loss.kind poisson: its values count something"),
    ],
)
def test_the_recipe_is_picked_from_the_target_and_told(
    root: Path, caplog: pytest.LogCaptureFixture, rows: dict[str, Any], recipe: str | None, why: str
) -> None:
    asked = {"x": X, "town": np.array(["Rome", "Oslo"])[np.arange(300) % 2], **rows}
    if recipe is None:
        pd.DataFrame(asked).to_csv(root / "rows.csv", index=False)
        refused = CliRunner().invoke(app, ["new", "mine", "--csv", "rows.csv", "--target", "y"])
        assert why in str(refused.exception)
        assert picked(root, asked, "--target", "y", "--recipe", "multiclass")[0].recipe == "multiclass"
        return
    pd.DataFrame(asked).to_csv(root / "rows.csv", index=False)
    with caplog.at_level("INFO"):
        block = new_case(root, "mine", None, root / "rows.csv", Asked("y", None, None, None, 365.25))
    assert block["recipe"] == recipe
    assert f"recipe {recipe}: " in caplog.text
    assert why in caplog.text
    assert sum(Meta.read(prepared(root, "mine").paths.prepared("mine")).rows.values()) == 300


def test_a_new_case_has_the_numbers_of_its_recipe_and_not_those_of_the_shipped_case(root: Path) -> None:
    case, _ = picked(root, {"x": X, "y": np.array(["a", "b", "c"])[np.arange(300) % 3]}, "--target", "y")
    defaults = defaults_of("multiclass")
    assert case.fit.model_dump(mode="json") == defaults["fit"]
    assert case.evaluate["slices"] == []
    assert case.release.floors == {}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--recipe", "multiclass", "--positive", "a"), "--positive a is of a target with two values .--recipe binary"),
        (("--recipe", "binary", "--merge", "a=b"), "--merge and --min-class-rows are of several classes"),
        (("--recipe", "regression", "--min-class-rows", "5"), "--merge and --min-class-rows are of several classes"),
        (("--recipe", "regression"), "300 of 300 value.s. are no numbers: 'a' .100., "),
        (("--merge", "a"), "--merge 'a': write it as --merge CLASS=VALUE, such as other=spline"),
        (("--recipe", "detection"), "'detection' is no case of tables; take --recipe binary, multiclass, regression"),
    ],
)
def test_what_does_not_go_with_the_recipe_is_refused(root: Path, words: tuple[str, ...], message: str) -> None:
    pd.DataFrame({"x": X, "y": np.array(["a", "b", "c"])[np.arange(300) % 3]}).to_csv(root / "rows.csv", index=False)
    refused = CliRunner().invoke(app, ["new", "mine", "--csv", "rows.csv", "--target", "y", *words])
    assert re.search(message, str(refused.exception))


def ended(words: dict[int, Any]) -> dict[str, Any]:
    """600 people whose times end with the first kind of event, the second, or without any."""
    random = np.random.default_rng(0)
    age = random.integers(30, 80, 600)
    times = [random.exponential(900 * np.exp((55 - age) / 30)), random.exponential(1500, 600)]
    everything = np.stack([random.uniform(900, 2500, 600), *times])
    first = everything.argmin(axis=0)
    return {"days": everything.min(axis=0).round(1), "end": [words[one] for one in first], "age": age}


@pytest.mark.parametrize(
    ("words", "options", "named"),
    [
        ({0: "censored", 1: "relapse", 2: "death"}, (), ["relapse", "death"]),
        ({0: 0, 1: 1, 2: 2}, ("--cause", "death=2", "--cause", "relapse=1"), ["death", "relapse"]),
    ],
)
def test_kinds_of_events_make_a_case_of_competing_risks(
    root: Path, words: dict[int, Any], options: tuple[str, ...], named: list[str]
) -> None:
    case, _ = picked(root, ended(words), "--time", "days", "--event", "end", *options)
    assert case.recipe == "competing_risks"
    assert [cause["name"] for cause in case.prepare["target"]["causes"]] == named
    assert sum(Meta.read(prepared(root, "mine").paths.prepared("mine")).rows.values()) == 600


def test_numbers_of_kinds_are_asked_for_their_names(root: Path) -> None:
    pd.DataFrame(ended({0: 0, 1: 1, 2: 2})).to_csv(root / "rows.csv", index=False)
    refused = CliRunner().invoke(app, ["new", "mine", "--csv", "rows.csv", "--time", "days", "--event", "end"])
    assert "--cause relapse=1 --cause death=2" in str(refused.exception)
