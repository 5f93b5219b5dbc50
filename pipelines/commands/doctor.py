"""Doctor: what this machine has, and what it and this checkout lack, if anything."""

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from components.core.errors import CasebookError
from components.core.params.load import load_params
from components.registry.ledger_file import FOLDER
from pipelines.commands.machine import Finding, cores, disk, gpu, installed, memory, ports


def examine(root: Path) -> list[Finding]:
    """Look at everything a run needs, and at the servers' ports; nothing is changed but an MLflow store that was not
    there yet.
    """
    return [finding for look in LOOKS for finding in look(root)]


def _python(_root: Path) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    right = sys.version_info[:2] == (3, 11)
    yield Finding("python", version, "" if right else "use Python 3.11: `make setup PYTHON=python3.11`")


def _pins(root: Path) -> Iterator[Finding]:
    if not (root / "constraints.txt").is_file():
        yield Finding("packages", "no constraints.txt", "run this in the root of a checkout")
        return
    lines = (root / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if "==" in line)
    wrong = [f"{name} {installed(name)} instead of {pin}" for name, pin in pins.items() if _differs(name, pin)]
    yield Finding("packages", f"{len(pins)} pinned", f"{'; '.join(wrong[:5])}: `make setup`" if wrong else "")


def _differs(name: str, pin: str) -> bool:
    return installed(name).split("+")[0] != pin


def _tools(_root: Path) -> Iterator[Finding]:
    for tool in ("git", "dvc"):
        place = shutil.which(tool) or shutil.which(tool, path=str(Path(sys.executable).parent))
        yield Finding(tool, place or "not found", "" if place else f"install {tool}, or `make setup`")


def _params(root: Path) -> Iterator[Finding]:
    try:
        params = load_params(root / "params.yaml")
        yield Finding("params.yaml", f"cases: {', '.join(sorted(params.cases))}")
    except CasebookError as error:
        yield Finding("params.yaml", "wrong", str(error))


def _store(root: Path) -> Iterator[Finding]:
    from components.registry.finding import check_registry
    from components.tracking.track import connect

    try:
        yield Finding("MLflow store", connect(root).uri)
    except CasebookError as error:
        yield Finding("MLflow store", "out of reach", str(error))
        return
    try:
        check_registry(root, [path.stem for path in sorted((root / FOLDER).glob("*.jsonl"))])
    except CasebookError as error:
        yield Finding("MLflow registry", "has lost what ledger/ knows", str(error))


LOOKS: tuple[Callable[[Path], Iterator[Finding]], ...] = (
    *(_python, _pins, _tools, _params, cores, memory, disk, gpu, _store, ports),
)
