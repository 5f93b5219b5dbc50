"""Doctor: what this machine has, and what it and this checkout lack, if anything."""

import importlib.metadata
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from components.core.errors import CasebookError
from components.core.params.load import load_params
from pipelines.room import memory, usable_cores

GIB = 2**30
LEAST_FREE = 2 * GIB
DEVICES = Path("/dev")


@dataclass(frozen=True)
class Finding:
    """One thing looked at; `remedy` is empty if it is well."""

    what: str
    found: str
    remedy: str = ""


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
    wrong = [f"{name} {_version(name)} instead of {pin}" for name, pin in pins.items() if _differs(name, pin)]
    yield Finding("packages", f"{len(pins)} pinned", f"{'; '.join(wrong[:5])}: `make setup`" if wrong else "")


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "missing"


def _differs(name: str, pin: str) -> bool:
    return _version(name).split("+")[0] != pin


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


def _disk(root: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(root).free
    yield Finding("disk", f"{free / GIB:.0f} GiB free", "" if free > LEAST_FREE else "free some: 2 GiB are needed")


def _cores(_root: Path) -> Iterator[Finding]:
    found = usable_cores()
    why = f"; the container's quota is {found.quota:g}" if found.quota is not None else ""
    yield Finding("cores", f"{found.usable} of {found.machine}{why}")


def _memory(_root: Path) -> Iterator[Finding]:
    found = memory()
    whose = " of the container" if found.limited else ""
    yield Finding("memory", f"{found.total / GIB:.1f} GiB{whose}, {found.free / GIB:.1f} GiB free")


def _gpu(_root: Path) -> Iterator[Finding]:
    """One that is there and cannot be used is told; that there is none is no fault, and torch is not imported."""
    names = _gpus() or [path.name for path in sorted(DEVICES.glob("nvidia[0-9]*"))]
    if not names:
        yield Finding("GPU", "none; everything runs on the CPU")
    elif _version("torch").endswith("+cpu"):
        yield Finding("GPU", f"{', '.join(names)}; not used: torch {_version('torch')} is built for the CPU alone")
    else:
        yield Finding("GPU", ", ".join(names))


def _gpus() -> list[str]:
    """The names of NVIDIA's, as its own tool knows them; nothing where there is no such tool, or it fails."""
    try:
        done = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return re.findall(r"^GPU \d+: (.*?)(?: \(UUID|$)", done.stdout, re.MULTILINE)


def _store(root: Path) -> Iterator[Finding]:
    from components.tracking.track import connect

    try:
        yield Finding("MLflow store", connect(root).uri)
    except CasebookError as error:
        yield Finding("MLflow store", "out of reach", str(error))


def _ports(root: Path) -> Iterator[Finding]:
    from pipelines.servers.settings import MLFLOW_PORT, PREFECT_PORT, read_settings

    try:
        settings = read_settings()
    except CasebookError as error:
        yield Finding("servers", "a setting is wrong", str(error))
        return
    yield _port(root, "Prefect", settings.host, settings.prefect_port, PREFECT_PORT)
    yield _port(root, "MLflow", settings.host, settings.mlflow_port, MLFLOW_PORT)


def _port(root: Path, server: str, host: str, port: int, variable: str) -> Finding:
    """One that a server of this checkout listens on is well: of `casebook up`, or of `casebook ui`."""
    from pipelines.servers.ports import holder, refusal

    what = f"port {port} ({server})"
    if (why := refusal(host, port)) is None:
        return Finding(what, "free")
    found = holder(port)
    if found is not None and found.folder == root.resolve():
        return Finding(what, f"this checkout's own server listens there (process {found.pid})")
    who = f"{found.name}, process {found.pid}" if found is not None else "a process of another user"
    return Finding(what, f"{why}: {who}", f"end it, or set {variable} to another port")


LOOKS: tuple[Callable[[Path], Iterator[Finding]], ...] = (
    *(_python, _pins, _tools, _params, _cores, _memory, _disk, _gpu, _store, _ports),
)
