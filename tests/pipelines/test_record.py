"""The lock on a branch of its own, in real repositories: the checkout and its index stay as they were."""

import os
import subprocess
from pathlib import Path

import pytest

from components.core.errors import CasebookError
from pipelines.operating.record import push, record

NAMED = ("-c", "user.name=A Person", "-c", "user.email=person@example.org")


def git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *NAMED, *arguments], cwd=root, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    made = tmp_path / "checkout"
    made.mkdir()
    git(made, "init", "--quiet", "--initial-branch", "main")
    for name in ("dvc.lock", "params.yaml", "code.py"):
        (made / name).write_text(f"{name} 1\n")
    git(made, "add", "--all")
    git(made, "commit", "--quiet", "--message", "First")
    return made


def test_the_branch_has_the_code_of_head_and_the_lock_and_params_of_the_checkout(root):
    (root / "dvc.lock").write_text("dvc.lock 2\n")
    (root / "params.yaml").write_text("params.yaml 2\n")
    (root / "code.py").write_text("work in progress\n")
    (root / "staged.py").write_text("for the next commit\n")
    git(root, "add", "staged.py")
    before = git(root, "status", "--porcelain"), git(root, "rev-parse", "HEAD"), git(root, "branch", "--show-current")
    commit = record(root, "runs/toy", "toy: version 3")
    after = git(root, "status", "--porcelain"), git(root, "rev-parse", "HEAD"), git(root, "branch", "--show-current")
    assert before == after
    assert git(root, "rev-parse", "runs/toy") == commit
    assert git(root, "ls-tree", "--name-only", "runs/toy").split() == ["code.py", "dvc.lock", "params.yaml"]
    shown = [git(root, "show", f"runs/toy:{name}") for name in ("dvc.lock", "params.yaml", "code.py")]
    assert shown == ["dvc.lock 2", "params.yaml 2", "code.py 1"]
    assert git(root, "log", "-1", "--format=%s|%an", "runs/toy") == "toy: version 3|casebook"
    assert git(root, "rev-parse", "runs/toy^") == git(root, "rev-parse", "main")
    assert git(root, "worktree", "list").count("\n") == 0


def test_the_same_again_adds_nothing_and_a_new_lock_follows_the_last(root):
    (root / "dvc.lock").write_text("dvc.lock 2\n")
    first = record(root, "runs/toy", "toy: version 3")
    assert record(root, "runs/toy", "toy: version 3") is None
    (root / "dvc.lock").write_text("dvc.lock 3\n")
    second = record(root, "runs/toy", "toy: version 4")
    assert git(root, "rev-list", "--parents", "-1", "runs/toy").split() == [second, first]


def test_new_commits_of_the_checkout_become_ancestors(root):
    (root / "dvc.lock").write_text("dvc.lock 2\n")
    first = record(root, "runs/toy", "one")
    (root / "code.py").write_text("code.py 2\n")
    git(root, "commit", "--quiet", "--message", "Second", "code.py")
    second = record(root, "runs/toy", "two")
    assert git(root, "rev-list", "--parents", "-1", "runs/toy").split() == [
        second,
        first,
        git(root, "rev-parse", "main"),
    ]
    assert git(root, "show", "runs/toy:code.py") == "code.py 2"


def test_a_person_is_named_where_git_knows_one(root):
    git(root, "config", "user.name", "Grace")
    git(root, "config", "user.email", "grace@example.org")
    (root / "dvc.lock").write_text("dvc.lock 2\n")
    record(root, "runs/toy", "one")
    assert git(root, "log", "-1", "--format=%an %ae", "runs/toy") == "Grace grace@example.org"


def test_a_checked_out_branch_is_refused(root):
    with pytest.raises(CasebookError, match="main is checked out"):
        record(root, "main", "no")


def test_what_cannot_name_a_branch_is_refused(root):
    with pytest.raises(CasebookError, match=r"'runs/\.toy' cannot name a branch"):
        record(root, "runs/.toy", "no")


def test_outside_git_nothing_is_recorded(tmp_path):
    assert record(tmp_path, "runs/toy", "no") is None


def test_the_branch_is_pushed_and_a_remote_that_is_not_there_is_told(root, tmp_path):
    git(tmp_path, "init", "--quiet", "--bare", "remote.git")
    git(root, "remote", "add", "origin", str(tmp_path / "remote.git"))
    (root / "dvc.lock").write_text("dvc.lock 2\n")
    commit = record(root, "runs/toy", "one")
    push(root, "runs/toy", "origin")
    assert git(tmp_path / "remote.git", "rev-parse", "runs/toy") == commit
    with pytest.raises(CasebookError, match=r"git push.*nowhere"):
        push(root, "runs/toy", "nowhere")
