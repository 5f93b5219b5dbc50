"""The DVC remote of a team: the folder `dvc` of its bucket. Credentials stay in the environment (`AWS_…`)."""

import subprocess
import sys
from pathlib import Path

from components.errors import CasebookError
from pipelines.servers.settings import S3, read_settings

NAME = "casebook"


def share(root: Path, verb: str, targets: list[str]) -> None:
    """`dvc push` or `dvc pull` with the bucket of `CASEBOOK_S3_URL`, which plain `dvc` knows from then on.

    The address goes to `.dvc/config.local`, which git ignores.

    Raises:
        CasebookError: no bucket is set, or DVC failed, whose own message stands above.
    """
    bucket = read_settings().s3
    if bucket is None:
        raise CasebookError(f"{S3} is not set; write s3://BUCKET/FOLDER, and the endpoint to AWS_ENDPOINT_URL")
    _dvc(root, "remote", "add", "--quiet", "--local", "--force", "--default", NAME, f"{bucket}/dvc")
    _dvc(root, verb, *targets)


def _dvc(root: Path, *words: str) -> None:
    if subprocess.run([sys.executable, "-m", "dvc", *words], cwd=root, check=False).returncode:
        raise CasebookError(f"dvc {words[0]} failed; its message stands above")
