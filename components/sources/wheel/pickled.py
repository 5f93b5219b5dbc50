"""Pickled DataFrames, read without trusting them: in a process of its own, which has limits and nobody's secrets."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from components.core.errors import CasebookError
from components.core.params.source import Limits

ROOT = Path(__file__).resolve().parents[3]
KEPT = ("PATH", "LD_LIBRARY_PATH", "TZ", "TMPDIR")  # of the environment, which may hold tokens
# One thread, and memory that is the system's: what libraries set aside for more would count as used.
ENVIRONMENT = {
    "PYTHONPATH": str(ROOT),
    "LC_ALL": "C.UTF-8",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
}
SLACK = 30.0  # seconds of the clock beside those of the processor: it may wait for others


def to_parquet(source: Path, target: Path, label: str, limits: Limits | None = None) -> None:
    """Read the pickled DataFrame `source`, compressed or not, and write it as Parquet without its index.

    Raises:
        CasebookError: it names something else than the parts of a DataFrame (nothing of it has
            run), is no pickle, holds no DataFrame, has a column of mixed types, needs more than
            the limits, or ends the process that reads it. The target is then as it was.
    """
    limits = limits or Limits()
    with tempfile.TemporaryDirectory(prefix=".pickle.", dir=target.parent) as folder:
        written = Path(folder, "frame.parquet")
        what, words = _read(source.resolve(), written.resolve(), limits)
        if what != "written":
            raise CasebookError(f"{label}: {told(what, words)}")
        written.chmod(0o644)
        written.replace(target)


def environment() -> dict[str, str]:
    return {name: os.environ[name] for name in KEPT if name in os.environ} | ENVIRONMENT


def _read(source: Path, target: Path, limits: Limits) -> tuple[str, str]:
    """What became of it, and the words for that."""
    command = [sys.executable, "-P", "-m", "components.sources.wheel.pickled", str(source), str(target)]
    try:
        done = subprocess.run(
            [*command, limits.model_dump_json()],
            cwd=target.parent,
            env=environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=limits.seconds * 2 + SLACK,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "slow", f"{limits.seconds:g} s"
    if done.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        return "slow", f"{limits.seconds:g} s"
    if done.returncode < 0:
        return "crash", signal.Signals(-done.returncode).name
    try:
        said = json.loads(done.stdout)
        what, words = str(said["what"]), str(said["words"])
    except (ValueError, KeyError, TypeError):
        lines = done.stderr.strip().splitlines()
        return "unreadable", (lines[-1] if lines else f"exit code {done.returncode}")[:200]
    if what == "unreadable" and "MemoryError" in words:
        return "large", f"{limits.memory_megabytes:g} MB"
    return what, words


def told(what: str, words: str) -> str:
    """A word for what became of a pickle, with its details, as a sentence that says what to do."""
    words = " ".join(words.split())
    instead = "ask its publisher for Parquet or CSV and take that from a file (`source: kind: file`)"
    return {
        "names": f"the pickle names {words}, which is none of the parts of a DataFrame that are read here. It was not "
        f"read, for it could run any program; {instead}",
        "unreadable": f"not a readable pickle ({words})",
        "holds": f"the pickle holds a {words}, not a DataFrame; name another member",
        "columns": f"cannot become Parquet: {words}",
        "slow": f"the pickle was not read within {words}; raise source.limits.seconds if it is meant to take so long, "
        f"or {instead}",
        "large": f"the pickle needs more than {words} of memory; raise source.limits.memory_megabytes if it is meant "
        f"to need so much, or {instead}",
        "crash": f"not a readable pickle: {words} ended the process that read it, as with damaged or crafted ones; "
        f"{instead}",
    }[what]


if __name__ == "__main__":
    from components.sources.wheel.unpickle import main

    main(Path(sys.argv[1]), Path(sys.argv[2]), Limits.model_validate_json(sys.argv[3]))
