"""`casebook new` on events: the block is written, states no default, and its rows can be prepared."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from components.core.errors import CasebookError
from components.core.job import Meta, Paths
from components.core.params.defaults import defaults_of
from components.core.params.load import load_params
from components.core.recipe import make_job, recipes
from components.core.yaml_files import read_yaml
from pipelines.cli import app
from pipelines.commands.newasked import Asked
from pipelines.commands.newcase import pattern, plan_case, shipped
from pipelines.steps import fetch, prepare

ROOT = Path(__file__).resolve().parents[2]
TOY = ROOT / "tests" / "toy" / "recommender"
FILES = ("--csv", "toy/interactions.csv", "--users", "toy/users.csv", "--items", "toy/items.csv")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copyfile(ROOT / "params.yaml", tmp_path / "params.yaml")
    shutil.copytree(TOY, tmp_path / "toy")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def new(*words: str) -> str:
    ended = CliRunner().invoke(app, ["new", "mine", *words])
    if isinstance(ended.exception, CasebookError):
        raise ended.exception
    assert ended.exit_code == 0, ended.output
    return ended.output


def repeated(stated: Any, default: Any, place: str = "") -> list[str]:
    """Places of values that the defaults have too."""
    if isinstance(stated, dict) and isinstance(default, dict):
        return [
            one for key in stated if key in default for one in repeated(stated[key], default[key], f"{place}.{key}")
        ]
    return [place] if stated == default and place else []


@pytest.mark.parametrize("like", [("--like", "recommender"), ()])
def test_events_become_a_case_that_can_be_prepared(root: Path, like: tuple[str, ...]) -> None:
    said = new(*like, *FILES)
    assert "params.yaml has the case mine; look it over, commit it, then: casebook run mine" in said
    stated = read_yaml(root / "params.yaml")["cases"]["mine"]
    assert repeated(stated, defaults_of("next_item", "params.yaml")) == []
    assert "release" not in stated
    assert stated["evaluate"]["genres"] == "genres"
    assert stated["source"]["watch"] == "toy"
    job = make_job("mine", load_params(root / "params.yaml").case("mine"), Paths(root))
    fetch.run(job)
    prepare.run(job)
    meta = Meta.read(job.paths.prepared("mine"))
    assert meta.rows["test"] == 60
    assert [feature["name"] for feature in meta.data["user_features"]] == ["age", "gender", "occupation"]


def test_files_beside_each_other_have_a_folder_of_their_own(root: Path) -> None:
    for path in (root / "toy").iterdir():
        shutil.copyfile(path, root / path.name)
    with pytest.raises(CasebookError, match="put these files into a folder of their own, such as mine/"):
        new("--csv", "interactions.csv", "--users", "users.csv")
    new("--csv", "interactions.csv", "--recipe", "next_item")  # a file alone is watched itself


def test_a_dry_run_writes_nothing(root: Path) -> None:
    before = (root / "params.yaml").read_bytes()
    assert "user: user_id" in new(*FILES, "--dry-run")
    assert (root / "params.yaml").read_bytes() == before


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((*FILES, "--like", "finance_risk"), "finance_risk is no case of events, which alone take --users"),
        ((*FILES, "--recipe", "binary"), "binary is no case of events"),
        ((*FILES[:4], "--items", "other/items.csv"), "it lies in another folder than toy/interactions.csv"),
        (("--csv", "toy/none.csv", "--recipe", "next_item"), "toy/none.csv: not found"),
        (("--csv", "toy/empty.csv", "--recipe", "next_item"), "toy/empty.csv: it has columns but no rows"),
        ((*FILES, "--user", "useer_id"), "--user: no column 'useer_id'; did you mean 'user_id'"),
        ((*FILES, "--quote", "both"), "quote"),
    ],
)
def test_what_cannot_become_a_case_of_events_is_told(root: Path, words: tuple[str, ...], told: str) -> None:
    before = (root / "params.yaml").read_bytes()
    (root / "toy" / "empty.csv").write_text("user,item,time\n", encoding="utf-8")
    with pytest.raises(CasebookError) as caught:
        new(*words)
    assert told in str(caught.value)
    assert (root / "params.yaml").read_bytes() == before


@pytest.mark.parametrize(
    "words", [(*FILES, "--target", "rating"), (*FILES, "--event", "rating"), ("--images", "toy", "--user", "user_id")]
)
def test_options_of_other_kinds_are_refused(root: Path, words: tuple[str, ...]) -> None:
    ended = CliRunner().invoke(app, ["new", "mine", *words])
    assert ended.exit_code == 2
    assert "mine" not in load_params(root / "params.yaml").cases


@pytest.mark.parametrize("recipe", [name for name in recipes() if name != "conversion"])
def test_a_new_case_of_any_kind_has_no_floors_and_no_overrides(recipe: str) -> None:
    release = pattern(ROOT, "mine", shipped(ROOT, recipe))["release"]
    assert (release["floors"], release["overrides"]) == ({}, [])
    assert defaults_of(recipe, "params.yaml")["release"]["floors"] == {}


def test_a_query_makes_no_case_of_events(root: Path) -> None:
    words = ("--query", "select 1", "--variable", "SHOP_URL", "--like", "recommender", "--target", "rating")
    with pytest.raises(CasebookError):
        new(*words)
    with pytest.raises(CasebookError, match=r"'recommender' is no case of tables.* are read from a file, --csv"):
        plan_case(root, "mine", "recommender", root / "toy/interactions.csv", Asked("rating", None, None, None, 1.0))
