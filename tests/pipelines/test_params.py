"""`casebook params`: every value that holds for a case, and where it comes from."""

import json
import shutil
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from components.core.errors import CasebookError
from components.core.params.defaults import Value
from components.core.params.load import load_params
from pipelines.cli import app
from pipelines.commands.params import values

ROOT = Path(__file__).resolve().parents[2]
CASE = "finance_risk"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copyfile(ROOT / "params.yaml", tmp_path / "params.yaml")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_each_value_says_where_it_comes_from(root: Path) -> None:
    found = {one.key: one for one in values(root, CASE, {"fit.lr": 0.003, "model.blend": {
        "shrinkage": 0.5, "min_weight": 0.02, "calibrators": ["platt"], "calibration_folds": 5,
    }})}  # fmt: skip
    assert found["recipe"] == Value("recipe", "binary", "params.yaml")
    assert found["prepare.columns.Age.max"] == Value("prepare.columns.Age.max", 110, "params.yaml")
    assert found["model.network.width"] == Value("model.network.width", 128, "default")
    assert found["release.floors.auc"].origin == "params.yaml"
    assert found["search.space.fit.lr.low"] == Value("search.space.fit.lr.low", 0.002, "default")
    assert found["fit.lr"] == Value("fit.lr", 0.003, "-S")
    assert (found["model.blend.shrinkage"].value, found["model.blend.min_weight"].origin) == (0.5, "-S")
    assert load_params(root / "params.yaml").case(CASE).fit.lr == 0.005


def test_the_command_prints_the_whole(root: Path) -> None:
    done = CliRunner().invoke(app, ["params", CASE, "-S", "fit.lr=1e-3"])
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert len(lines) == len(values(root, CASE, {}))
    assert "params.yaml  prepare.columns.Home.values: [owner, rent, parents, priv, other, ignore]" in lines
    assert "default      fit.seed: 2024" in lines
    assert "-S           fit.lr: 0.001" in lines


def test_as_json_it_is_read_by_programs(root: Path) -> None:  # noqa: ARG001 - where it runs
    found = json.loads(CliRunner().invoke(app, ["params", CASE, "--json"]).output)
    assert {"key": "fit.seed", "value": 2024, "origin": "default"} in found


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([CASE, "-S", "fit.lrr=1"], "'fit.lrr' names no key of the case; did you mean 'fit.lr'?"),
        ([CASE, "-S", "fit.lr=fast"], "fit.lr: Input should be a valid number"),
        (["finance"], "no case 'finance'"),
    ],
)
def test_what_is_wrong_is_told(root: Path, arguments: list[str], told: str) -> None:  # noqa: ARG001
    done = CliRunner().invoke(app, ["params", *arguments])
    assert isinstance(done.exception, CasebookError)
    assert told in str(done.exception)


def test_a_password_in_an_address_is_not_printed(root: Path) -> None:
    case = yaml.safe_load((root / "params.yaml").read_text(encoding="utf-8"))
    source = {"kind": "http", "base": "https://ann:s3cret@data.example/rows", "manifest": "m", "watch": "m"}
    source |= {"connections": 2, "retries": 1, "timeout": 9, "licence": "MIT", "citation": "Ann"}
    case["cases"][CASE]["source"] = source
    (root / "params.yaml").write_text(yaml.safe_dump(case), encoding="utf-8")
    found = {one.key: one.value for one in values(root, CASE, {})}
    assert found["source.base"] == "https://data.example/rows"
    done = CliRunner().invoke(app, ["params", CASE])
    assert (done.exit_code, "s3cret" in done.output) == (0, False)
