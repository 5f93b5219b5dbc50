"""A fork with cases of its own, a table and a recommender, brought from the form before recipes to that of today."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from components.core.errors import CasebookError
from components.core.job import Paths
from components.core.params.load import load_params, whole_block
from components.core.recipe import make_job
from components.core.yaml_files import dump_yaml, parse_yaml, read_yaml
from pipelines.migrate.forms import CASE, CODES
from pipelines.migrate.migrate import migrate
from pipelines.migrate.texts import migrated_file, migrated_params
from tests.pipelines.conftest import copy_of

OLD = Path(__file__).with_name("old_params.yaml")


@pytest.fixture
def text() -> str:
    return OLD.read_text(encoding="utf-8")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    shutil.copyfile(OLD, tmp_path / "params.yaml")
    return tmp_path


def test_a_block_of_the_old_form_is_refused_with_one_message(root: Path) -> None:
    with pytest.raises(CasebookError, match=r"2 case\(s\) are of the form before.*'my_loans'.*casebook migrate"):
        load_params(root / "params.yaml")


def test_the_values_of_a_fork_are_what_they_were(text: str, tmp_path: Path) -> None:
    new, names = migrated_params(text, "params.yaml")
    assert names == ["my_loans", "my_shop"]
    (tmp_path / "params.yaml").write_text(new, encoding="utf-8")
    params, old = load_params(tmp_path / "params.yaml"), parse_yaml(text, "old")["cases"]
    for name in names:
        make_job(name, params.case(name), Paths(tmp_path))  # each block is what its recipe reads
    loans = params.case("my_loans").model_dump(mode="json")
    assert loans["recipe"] == "binary"
    for block in ("source", "prepare", "search", "crossval"):
        assert loans[block] == old["my_loans"][block]
    assert loans["fit"] == {**old["my_loans"]["fit"], "max_steps": None, "validate_every": None, "accumulate": 1}
    assert loans["model"]["serving"] == {"decisions": ["decline", "approve"], "bands": 8, "reasons": 4}
    assert loans["compress"]["variants"] == {
        "int8_dynamic": {},
        "pruned": {"amount": 0.6, "epochs": 6, "lr_factor": 0.2},
    }
    assert loans["smoke"]["compress.variants.pruned.epochs"] == 1
    assert not any("distill" in key or "int8_static" in key for key in loans["smoke"])
    shop = params.case("my_shop")
    assert (shop.recipe, shop.prepare["k_core"], shop.release.max_network_gap) == (
        "next_item",
        {"user": 5, "item": 1},
        1e-4,
    )
    assert shop.compress.variants["low_rank"] == {"rank": 32, "int8": True}


def test_a_block_states_what_differs_and_other_lines_stay(text: str) -> None:
    new, _ = migrated_params(text, "params.yaml")
    stated = parse_yaml(new, "new")["cases"]["my_loans"]
    assert stated["fit"] == {"max_epochs": 12}
    assert stated["model"]["logistic"]["c"] == 0.5
    assert stated["compress"] == {"variants": {"int8_static": None, "distilled": None}}
    assert "max_epochs: 12            # enough for us" in new
    assert "Seniority: {kind: numeric, min: 0, max: 80}          # years in the job" in new
    assert new[new.index("\noperate:") :] == text[text.index("\noperate:") :]
    assert new.startswith("# A fork: two cases of its own, in the form before recipes.\n\ncases:\n  my_loans:\n")
    assert migrated_params(new, "params.yaml") == (new, [])


def test_modules_of_its_own_are_of_no_recipe_and_nothing_is_written(root: Path, text: str) -> None:
    (root / "params.yaml").write_text(text.replace("learner: binary.py", "learner: mine.py"), encoding="utf-8")
    before = (root / "params.yaml").read_bytes()
    with pytest.raises(CasebookError, match=r"cases\.my_loans: code names 1 module\(s\).*'learner: mine\.py'"):
        migrate(root, dry_run=False)
    assert (root / "params.yaml").read_bytes() == before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("compress.prune.epochs: 2   # few", "compress.variants.pruned.epochs: 2   # few"),
        ("evaluate.reasons: 3", "model.serving.reasons: 3"),
        ("compress.calibration_rows: 64", "compress.variants.int8_static.calibration_rows: 64"),
    ],
)
def test_the_keys_of_a_profile_get_their_names_of_today(old: str, new: str) -> None:
    profile = "like: my_loans\nvalues:\n  fit.lr: 0.1\n  {}\n"
    assert migrated_file(profile.format(old), "mine.yaml") == profile.format(new)
    assert migrated_file(profile.format(new), "mine.yaml") is None


def old_form(checkout: Any, case: str) -> None:
    """Write the case's block, and what `dvc.lock` says of it, as they were before recipes."""
    params = checkout.params()
    block = params["cases"][case] = whole_block(params["cases"][case], "params.yaml")
    block.pop("recipe")
    block["code"] = {**CODES["binary"], "case": CASE["binary"]}
    block["evaluate"] |= block["model"].pop("serving")
    made = block["compress"].pop("variants")
    block["compress"] |= {
        "variants": list(made), "calibration_rows": made["int8_static"]["calibration_rows"], "prune": made["pruned"],
        "distill": made["distilled"], "low_rank": None, "ngrams": None,
    }  # fmt: skip
    block["smoke"] = {"fit.max_epochs": 1, "compress.prune.epochs": 1}
    checkout.write_params(params)
    lock = read_yaml(checkout.root / "dvc.lock")
    for name, entry in lock["stages"].items():
        stage = name.partition("@")[0]
        if stage == "code":
            continue
        code = {"path": "components/params.py", "hash": "md5", "md5": "f89f8eebaa72083e1e9e55c6f44d5848", "size": 7834}
        entry["deps"] = [code, *(dep for dep in entry["deps"] if dep["path"].startswith("data/"))]
        block_of = {"fetch": "source", "prepare": "prepare"}[stage]
        entry["params"] = {"params.yaml": {f"cases.{case}.{block_of}": block[block_of]}}
    lock["stages"].pop("code", None)
    (checkout.root / "dvc.lock").write_text(dump_yaml(lock), encoding="utf-8")


@pytest.fixture(scope="module")
def prepared(checkouts: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The case's rows prepared by `dvc repro`. `copy_of` it."""
    made = checkouts(tmp_path_factory.mktemp("prepared") / "checkout")
    ended = made.repro("prepare@toy")
    assert ended.code == 0, ended.said
    return made


@pytest.fixture
def checkout(prepared: Any, tmp_path: Path) -> Any:
    return copy_of(prepared, tmp_path / "checkout")


@pytest.mark.slow
def test_results_are_accepted_where_only_names_changed(checkout: Any) -> None:
    outs, whole = checkout.outs(), load_params(checkout.root / "params.yaml").case("toy")
    for made in ("resolved", "models/None/bundle"):  # of the stage `code`
        outs.pop(made, None)
    old_form(checkout, "toy")
    said = checkout.run("python", "-m", "pipelines.cli", "migrate")
    assert said.code == 0, said.said
    assert "fetch@toy: accepted; its code was not compared" in said.said
    assert "prepare@toy: accepted; its code was not compared" in said.said
    found = load_params(checkout.root / "params.yaml").case("toy")
    assert found.model_dump(exclude={"smoke"}) == whole.model_dump(exclude={"smoke"})
    assert checkout.outs() == outs
    status = checkout.run("dvc", "status", "--json", "prepare@toy")
    assert not {"fetch@toy", "prepare@toy"} & json.loads(status.said[status.said.index("{") :]).keys(), status.said


@pytest.mark.slow
def test_what_was_edited_since_it_ran_is_not_accepted(checkout: Any) -> None:
    old_form(checkout, "toy")
    checkout.set("prepare.max_rejected", 0.02)
    (checkout.root / "data/raw/toy/source.json").chmod(0o644)
    said = checkout.run("python", "-m", "pipelines.cli", "migrate", "--dry-run")
    assert said.code == 0, said.said
    assert "prepare@toy: runs again, prepare was edited since it ran" in said.said
    checkout.append("data/raw/toy/source.json", " ")
    said = checkout.run("python", "-m", "pipelines.cli", "migrate")
    assert "fetch@toy: runs again, data/raw/toy is not what dvc.lock names" in said.said
    assert "accepted" not in said.said
