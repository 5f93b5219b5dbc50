"""A commit of the new `dvc.lock` on a branch of its own: neither the checkout's files nor its index change.

The commit has the files of HEAD, and of the checkout the params that were in force, how far the rows of databases were
read, and the lock that they led to.
"""

import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from components.core.errors import CasebookError
from components.core.passwords import without_login

RECORDED = ("dvc.lock", "params.yaml", "data/watermarks/*.json")
# Of a machine where nobody has told git who they are.
NOBODY = {"user.name": "casebook", "user.email": "casebook@localhost"}


def record(root: Path, branch: str, message: str) -> str | None:
    """Commit and return the commit's id; None if the branch holds it already, or this is no git checkout.

    The commit follows the branch's last one, and HEAD where that is not among its ancestors.

    Raises:
        CasebookError: `branch` is checked out, or cannot be a branch's name.
    """
    if _git(root, "rev-parse", "--verify", "--quiet", "HEAD^{commit}", may_fail=True) is None:
        return None
    reference = f"refs/heads/{branch}"
    if _git(root, "check-ref-format", reference, may_fail=True) is None:
        raise CasebookError(f"operate.retrain.record.branch: {branch!r} cannot name a branch of git")
    if f"branch {reference}" in (_git(root, "worktree", "list", "--porcelain") or "").splitlines():
        raise CasebookError(
            f"operate.retrain.record.branch: {branch} is checked out; check another branch out, or name another one"
        )
    tip = _git(root, "rev-parse", "--verify", "--quiet", reference, may_fail=True)
    tree, head = _tree(root), _git(root, "rev-parse", "HEAD") or ""
    if tip is not None and _git(root, "rev-parse", f"{tip}^{{tree}}") == tree:
        return None
    parents = [tip] if tip else []
    if tip is None or _git(root, "merge-base", "--is-ancestor", head, tip, may_fail=True) is None:
        parents.append(head)
    named = [part for parent in parents for part in ("-p", parent)]
    commit = _git(root, *_identity(root), "commit-tree", tree, *named, "-m", message) or ""
    # Refused by git if another run has moved the branch since: it then holds what that one recorded.
    _git(root, "update-ref", "-m", message, reference, commit, tip or "0" * len(commit))
    return commit


def push(root: Path, branch: str, remote: str) -> None:
    """Push the branch to a remote.

    Raises:
        CasebookError: git cannot.
    """
    _git(root, "push", "--quiet", remote, f"refs/heads/{branch}:refs/heads/{branch}")


def _tree(root: Path) -> str:
    """The tree of HEAD with the recorded files as they are now, through an index that is thrown away."""
    with tempfile.TemporaryDirectory(prefix="casebook-") as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        _git(root, "read-tree", "HEAD", variables=index)
        present = [path.relative_to(root).as_posix() for name in RECORDED for path in sorted(root.glob(name))]
        _git(root, "update-index", "--add", "--", *present, variables=index)
        return _git(root, "write-tree", variables=index) or ""


def _identity(root: Path) -> list[str]:
    missing = [name for name in NOBODY if _git(root, "config", name, may_fail=True) is None]
    return [part for name in missing for part in ("-c", f"{name}={NOBODY[name]}")]


def _git(root: Path, *arguments: str, variables: Mapping[str, str] | None = None, may_fail: bool = False) -> str | None:
    """What git answers; None where it fails and may.

    Raises:
        CasebookError: it fails and may not.
    """
    command = ["git", *arguments]
    # Nobody is there to type a password.
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", **(variables or {})}
    try:
        done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        if may_fail:
            return None
        raise CasebookError("git is not installed; install it, or leave the checkout's .git out") from None
    if done.returncode == 0:
        return done.stdout.strip()
    if may_fail:
        return None
    reason = without_login(done.stderr.strip() or done.stdout.strip())  # of a remote's address
    raise CasebookError(f"git {' '.join(arguments[:2])}: {reason}")
