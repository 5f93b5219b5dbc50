"""Entries of `dvc.lock` of the form before recipes: which are accepted, and what they say then."""

import hashlib
import shutil
from pathlib import Path
from typing import Any

import pytest

from components.core.files import dvc_md5
from components.core.yaml_files import dump_yaml, read_yaml
from pipelines.migrate.lock import accepted_lock
from pipelines.migrate.migrate import Migrated, migrate
from tests.pipelines.conftest import ROOT

OLD = Path(__file__).with_name("old_params.yaml")
CODE = {"path": "components/params.py", "hash": "md5", "md5": "f89f8eebaa72083e1e9e55c6f44d5848", "size": 7834}
WATCH = "components/sources/__init__.py"
# Of each stage: the values that it depended on, its inputs and its outs.
STAGES: dict[str, tuple[list[str], list[str], list[str]]] = {
    "fetch": (["source"], [WATCH], ["data/raw/CASE"]),
    "prepare": (["prepare"], ["data/raw/CASE"], ["data/prepared/CASE"]),
    "search": (["model", "fit", "search"], ["data/prepared/CASE"], ["models/CASE/best.json"]),
    "fit": (["model", "fit", "evaluate"], ["data/prepared/CASE", "models/CASE/best.json"], ["models/CASE/fitted"]),
    "evaluate": (["evaluate"], ["data/prepared/CASE", "models/CASE/fitted"], ["reports/CASE/evaluation"]),
    "compress": (
        ["compress"],
        ["data/prepared/CASE", "models/CASE/fitted"],
        ["models/CASE/bundle", "reports/CASE/compression"],
    ),
    "release": (
        ["evaluate", "release"],
        [
            "data/prepared/CASE",
            "data/raw/CASE",
            "models/CASE/bundle",
            "models/CASE/fitted",
            "reports/CASE/compression",
            "reports/CASE/evaluation",
        ],
        ["reports/CASE/card.md", "reports/CASE/metrics.json", "reports/CASE/release.json"],
    ),
}
ACCEPTED = ["fetch", "prepare", "search", "fit", "compress"]


def old_entry(case: str, stage: str, block: dict[str, Any]) -> dict[str, Any]:
    """What DVC wrote of the stage before recipes. The md5 of an out is that of its path."""
    values, inputs, outs = ([text.replace("CASE", case) for text in texts] for texts in STAGES[stage])
    return {
        "cmd": f"python -m pipelines.stages {stage} {case}",
        "deps": [CODE, *({"path": path, "hash": "md5", "md5": md5_of(path), "size": 1} for path in inputs)],
        "params": {"params.yaml": {f"cases.{case}.{name}": block[name] for name in values}},
        "outs": [{"path": path, "hash": "md5", "md5": md5_of(path), "size": 1} for path in outs],
    }


def md5_of(path: str) -> str:
    return hashlib.md5(path.encode()).hexdigest()  # noqa: S324


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A fork whose two cases have run all stages; nothing of what they made is here."""
    shutil.copyfile(OLD, tmp_path / "params.yaml")
    shutil.copyfile(ROOT / "dvc.yaml", tmp_path / "dvc.yaml")
    cases = read_yaml(OLD)["cases"]
    stages = {f"{stage}@{case}": old_entry(case, stage, cases[case]) for case in cases for stage in STAGES}
    (tmp_path / "dvc.lock").write_text(dump_yaml({"schema": "2.0", "stages": stages}), encoding="utf-8")
    return tmp_path


def why(found: Migrated, case: str) -> dict[str, str]:
    return {one.stage.partition("@")[0]: one.why for one in found.stages if one.stage.endswith(f"@{case}")}


def test_entries_of_both_kinds_are_accepted_by_the_lock_alone(root: Path) -> None:
    found = migrate(root, dry_run=True)
    for case in ("my_loans", "my_shop"):
        told = why(found, case)
        assert [stage for stage in told if not told[stage]] == ACCEPTED
        assert told["evaluate"] == f"models/{case}/bundle is not what it ran on"
        assert told["release"] == f"reports/{case}/evaluation is made again"
    absent = {one.stage: one.absent for one in found.stages}
    assert absent["compress@my_shop"] == ("models/my_shop/bundle", "reports/my_shop/compression")
    assert absent["evaluate@my_shop"] == ()


def test_an_accepted_entry_has_the_inputs_of_today_and_its_own_md5s(root: Path) -> None:
    before = (root / "dvc.lock").read_text(encoding="utf-8")
    found = migrate(root, dry_run=True)
    assert (root / "dvc.lock").read_text(encoding="utf-8") == before
    (root / "after.lock").write_text(accepted_lock(before, found.stages), encoding="utf-8")
    after, old = read_yaml(root / "after.lock")["stages"], read_yaml(root / "dvc.lock")["stages"]
    assert list(after) == list(old)
    fit = after["fit@my_shop"]
    assert fit.keys() == {"cmd", "deps", "outs"}
    assert (fit["cmd"], fit["outs"]) == (old["fit@my_shop"]["cmd"], old["fit@my_shop"]["outs"])
    md5s = {dep["path"]: dep["md5"] for dep in fit["deps"]}
    assert md5s.pop("resolved/my_shop/fit.yaml")
    assert md5s.pop("models/None/bundle")
    assert md5s == {path: md5_of(path) for path in ("data/prepared/my_shop", "models/my_shop/best.json")}
    assert after["evaluate@my_shop"] == old["evaluate@my_shop"]


def test_what_was_edited_since_it_ran_ends_the_chain_of_its_case_alone(root: Path) -> None:
    text = (root / "params.yaml").read_text(encoding="utf-8")
    (root / "params.yaml").write_text(text.replace("max_epochs: 12 ", "max_epochs: 13 "), encoding="utf-8")
    found = migrate(root, dry_run=True)
    told = why(found, "my_loans")
    assert [stage for stage in told if not told[stage]] == ["fetch", "prepare"]
    assert (told["search"], told["fit"]) == ("fit was edited since it ran", "fit was edited since it ran")
    assert told["compress"] == "models/my_loans/fitted is made again"
    assert [stage for stage, reason in why(found, "my_shop").items() if not reason] == ACCEPTED


def test_an_input_of_another_md5_is_not_what_the_stage_ran_on(root: Path) -> None:
    lock = read_yaml(root / "dvc.lock")
    lock["stages"]["prepare@my_shop"]["outs"][0]["md5"] = "f" * 32
    (root / "dvc.lock").write_text(dump_yaml(lock), encoding="utf-8")
    assert why(migrate(root, dry_run=True), "my_shop")["search"] == "data/prepared/my_shop is not what it ran on"


def watching(root: Path, path: str) -> Migrated:
    """Both sources watch a file at `path`; that of my_shop is what its entry names."""
    (root / path).parent.mkdir(parents=True)
    (root / path).write_text("rows", encoding="utf-8")
    text = (root / "params.yaml").read_text(encoding="utf-8").replace(f"watch: {WATCH}", f"watch: {path}")
    (root / "params.yaml").write_text(text, encoding="utf-8")
    lock, cases = read_yaml(root / "dvc.lock"), read_yaml(root / "params.yaml")["cases"]
    for case, block in cases.items():
        entry = lock["stages"][f"fetch@{case}"]
        entry["deps"][1] |= {"path": path, "md5": dvc_md5(root / path) if case == "my_shop" else "0" * 32}
        entry["params"]["params.yaml"] = {f"cases.{case}.source": block["source"]}
    (root / "dvc.lock").write_text(dump_yaml(lock), encoding="utf-8")
    return migrate(root, dry_run=True)


def test_a_watched_file_that_was_edited_since_is_not_accepted(root: Path) -> None:
    found = watching(root, "data/mine.csv")
    assert why(found, "my_loans")["fetch"] == "data/mine.csv was edited since it ran"
    assert why(found, "my_loans")["prepare"] == "data/raw/my_loans is made again"
    assert why(found, "my_shop")["fetch"] == ""


def test_code_that_a_source_watches_is_no_more_compared_than_other_code(root: Path) -> None:
    found = watching(root, WATCH)
    fetched = {one.stage: one for one in found.stages}["fetch@my_loans"]
    assert fetched.why == ""
    assert {dep["path"]: dep["md5"] for dep in fetched.entry["deps"]}[WATCH] == dvc_md5(root / WATCH)


@pytest.mark.parametrize("lock", [None, "", "schema: '2.0'\nstages: {}\n"])
def test_cases_that_have_never_run_are_rewritten(root: Path, lock: str | None) -> None:
    (root / "dvc.lock").unlink()
    if lock is not None:
        (root / "dvc.lock").write_text(lock, encoding="utf-8")
    found = migrate(root, dry_run=False)
    assert (found.cases, found.stages) == (["my_loans", "my_shop"], [])
    assert (root / "dvc.lock").exists() == (lock is not None)
