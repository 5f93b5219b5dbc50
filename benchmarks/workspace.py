"""A copy of the checkout that a benchmark may run the whole pipeline in."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from components.core.files import write_text

IDENTITY = ["-c", "user.name=benchmark", "-c", "user.email=benchmark@localhost", "-c", "commit.gpgsign=false"]


@contextmanager
def copied_checkout(root: Path) -> Iterator[Path]:
    """The files that git knows or would add, committed, and the archives that were downloaded already.

    Committed, because the gate asks git; with the archives, so that the network is not what is timed.
    """
    with tempfile.TemporaryDirectory(prefix="casebook-bench-") as name:
        copy = Path(name) / "checkout"
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=root, capture_output=True, text=True, check=True,
        )  # fmt: skip
        for relative in filter(None, listed.stdout.split("\0")):
            if (root / relative).is_file():
                (copy / relative).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(root / relative, copy / relative)
        copy_archives(root, copy)
        for command in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "benchmark"]):
            subprocess.run(["git", *IDENTITY, *command], cwd=copy, check=True)
        yield copy


def copy_archives(root: Path, target: Path) -> None:
    if (root / "state" / "fetch").is_dir():
        shutil.copytree(root / "state" / "fetch", target / "state" / "fetch", dirs_exist_ok=True)


def clean_environment() -> dict[str, str]:
    """A shell's with this interpreter's tools first: no server but the embedded ones, one thread each."""
    # What our own entry points set is left out, so that a command that sets it pays for it.
    foreign = ("MLFLOW_", "PREFECT_", "PYTHONPYCACHEPREFIX")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}"
    return {**kept, "PATH": path, "OMP_NUM_THREADS": "1"}


def peers_python(folder: Path, pins: Sequence[str]) -> Path:
    """The interpreter of the peers' environment, which is made at the first use and whenever its pins change."""
    ready = folder / "ready"
    if not ready.exists() or ready.read_text(encoding="utf-8") != "\n".join(pins):
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        subprocess.run([folder / "bin" / "python", "-m", "pip", "install", "--quiet", *pins], check=True)
        write_text(ready, "\n".join(pins))
    return folder / "bin" / "python"
