"""What git says of a tree."""

import subprocess
from pathlib import Path

import pytest

from pipelines.provenance import Experiment, GitState, experiment, flow_run_id, git_state


def git(root: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org", *arguments]
    return subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "params.yaml").write_text("a: 1\n")
    (tmp_path / "dvc.lock").write_text("schema: '2.0'\n")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "One", "--no-verify")
    return tmp_path


def test_a_committed_tree_is_clean_and_dvc_lock_does_not_count(tree: Path) -> None:
    commit = git(tree, "rev-parse", "HEAD")
    assert git_state(tree) == GitState(commit, dirty=False)
    (tree / "dvc.lock").write_text("schema: '2.0'\nstages: {}\n")
    assert git_state(tree) == GitState(commit, dirty=False)


@pytest.mark.parametrize("name", ["params.yaml", "components/new.py"])
def test_an_edit_or_a_new_file_makes_it_dirty(tree: Path, name: str) -> None:
    (tree / name).parent.mkdir(exist_ok=True)
    (tree / name).write_text("a: 2\n")
    assert git_state(tree).dirty is True


def test_in_an_experiment_new_files_alone_make_it_dirty(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """DVC commits the edits with the experiment."""
    monkeypatch.setenv("DVC_EXP_NAME", "wider-net")
    monkeypatch.setenv("DVC_EXP_BASELINE_REV", "abc")
    assert experiment() == Experiment("wider-net", "abc")
    (tree / "params.yaml").write_text("a: 2\n")
    assert git_state(tree).dirty is False
    (tree / "new.py").write_text("A = 1\n")
    assert git_state(tree).dirty is True
    monkeypatch.delenv("DVC_EXP_NAME")
    assert experiment() is None


def test_no_checkout_and_no_commit_are_unknown_and_not_clean(tmp_path: Path) -> None:
    assert git_state(tmp_path) == GitState(None, None)
    git(tmp_path, "init", "--quiet")
    assert git_state(tmp_path) == GitState(None, None)


def test_no_git_on_the_machine(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tree))
    assert git_state(tree) == GitState(None, None)


def test_the_flow_run_is_the_one_prefect_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CASEBOOK_FLOW_RUN_ID", raising=False)
    assert flow_run_id() == "none"
    monkeypatch.setenv("CASEBOOK_FLOW_RUN_ID", "5e7a")
    assert flow_run_id() == "5e7a"
