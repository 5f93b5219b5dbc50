"""Provenance: the commit of this tree, whether it is that commit, and the experiment or flow run it works for."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from pipelines.environment import EXPERIMENT

# DVC writes it while the pipeline runs: a change of it says what ran, not that code differs.
NOT_CODE = ":(exclude)dvc.lock"
NO_FLOW = "none"
FLOW_RUN = "CASEBOOK_FLOW_RUN_ID"  # set by the flow for the stages that its tasks run


@dataclass(frozen=True)
class GitState:
    """None where this is no git checkout, or git cannot tell."""

    commit: str | None
    dirty: bool | None


@dataclass(frozen=True)
class Experiment:
    """A run of `dvc exp run`: its name, and the commit that it starts from."""

    name: str
    baseline: str

    @property
    def tags(self) -> dict[str, str]:
        """What its MLflow runs are tagged with."""
        return {"casebook.experiment": self.name, "casebook.experiment_baseline": self.baseline}


def experiment() -> Experiment | None:
    """The experiment that this process works for; None in a plain run."""
    name = os.environ.get(EXPERIMENT)
    return Experiment(name, os.environ.get("DVC_EXP_BASELINE_REV", "unknown")) if name else None


def git_state(root: Path) -> GitState:
    """The commit, and whether there are edits; in an experiment new files alone, as DVC commits edits with it."""
    commit = _git(root, "rev-parse", "HEAD")
    changes = _git(root, "status", "--porcelain", "--", ".", NOT_CODE)
    if changes is not None and experiment() is not None:
        changes = "\n".join(line for line in changes.splitlines() if line.startswith("??"))
    return GitState(commit, None if changes is None or commit is None else bool(changes))


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def flow_run_id() -> str:
    """The id of the Prefect flow run that this process works for, or `none`."""
    return os.environ.get(FLOW_RUN, NO_FLOW)
