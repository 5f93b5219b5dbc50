"""The DVC remote of a team: the folder `dvc` of its bucket. Credentials stay in the environment (`AWS_…`)."""

import subprocess
import sys
from pathlib import Path

import yaml

from components.core.errors import CasebookError
from pipelines.servers.settings import S3, read_settings

NAME = "casebook"


def share(root: Path, verb: str, targets: list[str]) -> None:
    """`dvc push` or `dvc pull` with the bucket of `CASEBOOK_S3_URL`, which plain `dvc` knows from then on.

    Without targets all that `dvc.lock` names. The address goes to `.dvc/config.local`, which git ignores.

    Raises:
        CasebookError: no bucket is set, there is nothing to pull, or DVC failed, whose own message stands above.
    """
    bucket = read_settings().s3
    if bucket is None:
        raise CasebookError(f"{S3} is not set; write s3://BUCKET/FOLDER, and the endpoint to AWS_ENDPOINT_URL")
    if verb == "pull" and not targets:
        targets = recorded(root)
    _dvc(root, "remote", "add", "--quiet", "--local", "--force", "--default", NAME, f"{bucket}/dvc")
    _dvc(root, verb, *targets)


def recorded(root: Path) -> list[str]:
    """The stages of `dvc.yaml` that `dvc.lock` has: asked for all, `dvc pull` fails over those that never ran.

    Raises:
        CasebookError: there is none, or DVC cannot tell, whose own message stands above.
    """
    stages = _dvc(root, "stage", "list", "--name-only", stdout=subprocess.PIPE).split()  # checks the lock as well
    lock = root / "dvc.lock"
    content = yaml.safe_load(lock.read_text(encoding="utf-8")) if lock.exists() else {}
    ran = content.get("stages", {})
    found = [stage for stage in stages if stage in ran]
    if not found:
        raise CasebookError("dvc.lock names no stage that dvc.yaml has; check out a commit whose stages have run")
    return found


def _dvc(root: Path, *words: str, stdout: int | None = None) -> str:
    """What DVC prints, if it is piped; else it speaks for itself."""
    done = subprocess.run([sys.executable, "-m", "dvc", *words], cwd=root, stdout=stdout, text=True, check=False)
    if done.returncode:
        raise CasebookError(f"dvc {words[0]} failed; its message stands above")
    return done.stdout or ""
