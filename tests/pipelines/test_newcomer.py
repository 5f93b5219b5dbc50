"""A recipe that a newcomer has just written: through every stage, the gate, `predict` and monitoring, as it stands."""

import copy
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.core.errors import CasebookError
from components.core.recipe_names import FOLDER
from components.core.yaml_files import dump_yaml, read_yaml
from pipelines.commands.newcase import pattern, shipped
from pipelines.commands.newrecipe import TEMPLATE, new_recipe
from tests.forks import Forks
from tests.repo.test_layers import violations

ROOT = Path(__file__).resolve().parents[2]
NAME = "zoned_heat"  # behind `shared` in the alphabet, where imports are in another order
CLI = ("python", "-m", "pipelines.cli")
PARTS = {
    "assembly",
    "folds",
    "params",
    "predict",
    "preparation",
    "recipe",
    "report",
    "serving",
    "training",
    "variants",
    "watch",
    "words",
}


def test_it_is_one_file_a_part_of_fewer_than_200_lines_in_all() -> None:
    files = [path for path in TEMPLATE.glob("*.py") if path.stem not in ("__init__", "test_recipe")]
    assert {path.stem for path in files} == PARTS
    lines = [line for path in files for line in path.read_text(encoding="utf-8").splitlines()]
    assert sum(bool(line.strip()) for line in lines) < 250
    assert sum(bool(line.strip()) and not line.startswith(('"""', "from ", "import ")) for line in lines) < 200


def asked(forks: Forks, root: Path) -> tuple[int, str]:
    """`casebook new-recipe` in a folder: its exit code, and what it said."""
    environment = {**os.environ, "PYTHONPATH": str(root)}
    done = forks.run(*CLI[1:], "new-recipe", NAME, cwd=root, env=environment)
    return done.returncode, done.stdout + done.stderr


def test_what_is_written_keeps_the_law_and_the_style(tmp_path: Path, data_forks: Forks) -> None:
    shutil.copyfile(ROOT / "params.yaml", tmp_path / "params.yaml")
    for name in ("components", "pipelines"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    code, said = asked(data_forks, tmp_path)
    assert code == 0, said
    written = [Path(line) for line in said.splitlines() if (tmp_path / line).is_file()]
    modules = [path for path in written if path.suffix == ".py"]
    assert {path.stem for path in modules} == PARTS | {"__init__", f"test_{NAME}"}
    for path in modules:
        text = (tmp_path / path).read_text(encoding="utf-8")
        assert "template" not in text
        assert violations(path.as_posix(), text) == []
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--config", str(ROOT / "pyproject.toml")]
    command += [str(path) for path in modules]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert yaml.safe_load((tmp_path / "params.yaml").read_text(encoding="utf-8"))["cases"][NAME]["recipe"] == NAME
    code, said = asked(data_forks, tmp_path)
    assert (code, f"params.yaml has a case '{NAME}' already" in said) == (1, True), said


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Heat", "'Heat' cannot name a recipe"),
        ("binary", "components/recipes/binary is there already"),
        ("finance_risk", "has a case 'finance_risk' already"),
    ],
)
def test_a_name_that_cannot_be_is_told_before_anything_is_written(tmp_path: Path, name: str, told: str) -> None:
    shutil.copyfile(ROOT / "params.yaml", tmp_path / "params.yaml")
    with pytest.raises(CasebookError, match=told):
        new_recipe(tmp_path, name)
    assert [path.name for path in tmp_path.iterdir()] == ["params.yaml"]


def test_the_template_itself_is_no_recipe_of_the_list() -> None:
    assert TEMPLATE.parent.parent == FOLDER
    assert not (TEMPLATE.parent / "recipe.py").exists()


def test_a_recipe_ships_the_pattern_of_a_new_case() -> None:
    assert [shipped(ROOT, recipe) for recipe in ("binary", "survival", "detection")] == [
        "finance_risk",
        "medical_prognosis",
        "medical_cells",
    ]
    with pytest.raises(CasebookError, match="no recipe 'survivel'; did you mean 'survival'"):
        shipped(ROOT, "survivel")


def test_a_new_case_takes_nothing_over_from_the_bundle_that_its_pattern_starts_from(tmp_path: Path) -> None:
    params = read_yaml(ROOT / "params.yaml")
    params["cases"]["finance_risk"]["start"] = "recommender"
    (tmp_path / "params.yaml").write_text(dump_yaml(params), encoding="utf-8")
    assert pattern(tmp_path, "mine", "finance_risk")["start"] is None


@pytest.fixture(scope="module")
def written(checkouts: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A checkout with the recipe, its case, and a case that starts from it; both released."""
    made = checkouts(tmp_path_factory.mktemp("newcomer") / "checkout")
    ended = made.run(*CLI, "new-recipe", NAME)
    assert ended.code == 0, ended.said
    params = made.params()
    again = copy.deepcopy(params["cases"][NAME])
    again["start"] = NAME
    again["fit"] = {"seed": 2, "max_epochs": 3}
    params["cases"]["again"] = again
    made.write_params(params)
    made.commit()
    ended = made.run(*CLI, "run", NAME, "again")
    assert ended.code == 0, ended.said
    return made


@pytest.mark.slow
def test_it_goes_through_every_stage_and_the_gate(written: Any) -> None:
    release = written.json(f"reports/{NAME}/release.json")
    assert release["promoted"], release["reasons"]
    metrics = written.json(f"reports/{NAME}/metrics.json")
    assert metrics["test"]["mae"]["value"] < metrics["baselines"]["ridge"]["mae"]["value"]
    assert [stage for stage in written.stale() if stage.endswith((NAME, "@again"))] == []


@pytest.mark.slow
def test_it_answers_a_file_and_is_watched(written: Any) -> None:
    rows = f"tests/toy/{NAME}/rows.csv"
    ended = written.run(*CLI, "predict", NAME, rows, "--out", "answers.csv")
    assert ended.code == 0, ended.said
    assert len((written.root / "answers.csv").read_text(encoding="utf-8").splitlines()) == 241
    ended = written.run(*CLI, "monitor", NAME, "--rows", rows)
    assert (ended.code, "No drift (240 of 240 rows compared)" in ended.said) == (0, True), ended.said


@pytest.mark.slow
def test_a_case_that_starts_from_it_says_so_wherever_one_looks(written: Any) -> None:
    (md5,) = (md5 for path, md5 in written.outs().items() if path == f"models/{NAME}/bundle")
    assert written.json("models/again/fitted/fit.json")["start"] == {"case": NAME, "md5": md5}
    assert "start" not in written.json(f"models/{NAME}/fitted/fit.json")
    card = (written.root / "reports/again/card.md").read_text(encoding="utf-8")
    assert f"- start_case: `{NAME}`\n- start_md5: `{md5}`\n- start_version: `1`" in card
    tags = dict(written.rows("select key, value from tags where key like 'start.%'"))
    assert tags == {"start.case": NAME, "start.md5": md5}
    refused = written.run(*CLI, "remove", NAME, "--dry-run")
    assert (refused.code, "again would be left without" in refused.said) == (1, True), refused.said


@pytest.mark.slow
def test_a_dry_run_tells_what_it_starts_from_first_and_an_edit_of_the_start_runs_both(written: Any) -> None:
    before = written.params()
    after = copy.deepcopy(before)
    after["cases"][NAME]["model"] = {"ridge": 2.0}
    written.write_params(after)
    ended = written.run(*CLI, "run", "again", "--dry-run")
    written.write_params(before)
    told = [line.partition(":")[0] for line in ended.said.splitlines()]
    assert (ended.code, told) == (0, [f"search@{NAME}", f"fit@{NAME}", f"compress@{NAME}"]), ended.said


@pytest.mark.slow
def test_it_keeps_the_contract_of_all_recipes(written: Any) -> None:
    """The contract's own tests, in the checkout, where they find the recipe by its toy rows."""
    serving = (f"tests/components/serving/{name}.py" for name in ("fuzz", "reading", "served"))
    recipes = (f"tests/recipes/{name}.py" for name in ("asked", "files", "over_http"))
    helpers = (*recipes, *serving, "tests/toy/jobs.py", "tests/browser.py")
    for path in ("tests/recipes/test_contract.py", *helpers, "pyproject.toml"):
        (written.root / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, written.root / path)
    tests = ("tests/recipes/test_contract.py", f"tests/components/recipes/{NAME}", "-k", f"{NAME} and not page")
    ended = written.run("python", "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests, PYTHONPATH=".")
    assert ended.code == 0, ended.said
    assert " passed" in ended.said
