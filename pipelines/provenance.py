"""Provenance: the commit of this tree, whether it is that commit, and the flow run this process works for."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

# DVC writes it while the pipeline runs: a change of it says what ran, not that code differs.
NOT_CODE = ":(exclude)dvc.lock"
FLOW_RUN = "CASEBOOK_FLOW_RUN_ID"  # set by the flow for the stages that its tasks run


@dataclass(frozen=True)
class GitState:
    """None where this is no git checkout, or git cannot tell."""

    commit: str | None
    dirty: bool | None


def git_state(root: Path) -> GitState:
    commit = _git(root, "rev-parse", "HEAD")
    changes = _git(root, "status", "--porcelain", "--", ".", NOT_CODE)
    return GitState(commit, None if changes is None or commit is None else bool(changes))


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def flow_run_id() -> str:
    """The id of the Prefect flow run that this process works for, or `none`."""
    return os.environ.get(FLOW_RUN, "none")
