"""What goes to the team's bucket and comes from it; that it does, test_team_servers.py shows."""

import subprocess
import sys
from pathlib import Path

import pytest

from components.core.errors import CasebookError
from pipelines.servers.remote import recorded, share

pytestmark = pytest.mark.slow
PIPELINE = """
stages:
  begun: {cmd: echo 1 > a, outs: [a]}
  never: {cmd: echo 2 > b, deps: [a], outs: [b]}
"""
ELSEWHERE = """
schema: '2.0'
stages:
  gone: {cmd: echo 3 > c}
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("CASEBOOK_S3_URL", raising=False)
    dvc(tmp_path, "init", "--no-scm")
    (tmp_path / "dvc.yaml").write_text(PIPELINE, encoding="utf-8")
    return tmp_path


def dvc(root: Path, *words: str) -> None:
    subprocess.run([sys.executable, "-m", "dvc", *words, "--quiet"], cwd=root, check=True)


def test_there_is_no_remote_without_a_bucket(root: Path) -> None:
    with pytest.raises(CasebookError, match="CASEBOOK_S3_URL is not set"):
        share(root, "push", [])


def test_what_never_ran_is_not_asked_for(root: Path) -> None:
    dvc(root, "repro", "begun")
    assert recorded(root) == ["begun"]


@pytest.mark.parametrize("lock", [None, "schema: '2.0'", ELSEWHERE])
def test_nothing_to_pull_is_said(root: Path, lock: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    if lock is not None:
        (root / "dvc.lock").write_text(lock, encoding="utf-8")
    monkeypatch.setenv("CASEBOOK_S3_URL", "s3://team/casebook")
    with pytest.raises(CasebookError, match=r"dvc\.lock names no stage that dvc\.yaml has"):
        share(root, "pull", [])
    assert not (root / ".dvc" / "config.local").exists()


@pytest.mark.parametrize("lock", ["", "<<<<<<< HEAD\nschema: '2.0'\n=======\n", "- a list"])
def test_a_lock_that_is_none_is_dvcs_to_tell(
    root: Path, lock: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (root / "dvc.lock").write_text(lock, encoding="utf-8")
    monkeypatch.setenv("CASEBOOK_S3_URL", "s3://team/casebook")
    with pytest.raises(CasebookError, match="dvc stage failed; its message stands above"):
        share(root, "pull", [])
    assert "dvc.lock" in capfd.readouterr().err
