"""What `casebook doctor` says of the machine: disk, cores, memory, GPU, and the ports of the servers."""

import importlib.metadata
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from components.core.errors import CasebookError
from pipelines import room
from pipelines.servers.ports import holder, refusal
from pipelines.servers.settings import MLFLOW_PORT, PREFECT_PORT, read_settings

GIB = 2**30
LEAST_FREE = 2 * GIB
DEVICES = Path("/dev")


@dataclass(frozen=True)
class Finding:
    """One thing looked at; `remedy` is empty if it is well."""

    what: str
    found: str
    remedy: str = ""


def installed(name: str) -> str:
    """The version of a package, which is not imported; `missing` if there is none."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "missing"


def disk(root: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(root).free
    yield Finding("disk", f"{free / GIB:.0f} GiB free", "" if free > LEAST_FREE else "free some: 2 GiB are needed")


def cores(_root: Path) -> Iterator[Finding]:
    found = room.usable_cores()
    why = f"; the container's quota is {found.quota:g}" if found.quota is not None else ""
    yield Finding("cores", f"{found.usable} of {found.machine}{why}")


def memory(_root: Path) -> Iterator[Finding]:
    found = room.memory()
    whose = " of the container" if found.limited else ""
    yield Finding("memory", f"{found.total / GIB:.1f} GiB{whose}, {found.free / GIB:.1f} GiB free")


def gpu(_root: Path, devices: Path = DEVICES, torch: str | None = None) -> Iterator[Finding]:
    """One that is there and cannot be used by the installed `torch` is told; that there is none is no fault."""
    names = _gpus() or [path.name for path in sorted(devices.glob("nvidia[0-9]*"))]
    torch = installed("torch") if torch is None else torch
    if not names:
        yield Finding("GPU", "none; everything runs on the CPU")
    elif torch.endswith("+cpu"):
        yield Finding("GPU", f"{', '.join(names)}; not used: torch {torch} is built for the CPU alone")
    else:
        yield Finding("GPU", ", ".join(names))


def _gpus() -> list[str]:
    """The names of NVIDIA's, as its own tool knows them; nothing where there is no such tool, or it fails."""
    try:
        done = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return re.findall(r"^GPU \d+: (.*?)(?: \(UUID|$)", done.stdout, re.MULTILINE)


def ports(root: Path) -> Iterator[Finding]:
    try:
        settings = read_settings()
    except CasebookError as error:
        yield Finding("servers", "a setting is wrong", str(error))
        return
    yield _port(root, "Prefect", settings.host, settings.prefect_port, PREFECT_PORT)
    yield _port(root, "MLflow", settings.host, settings.mlflow_port, MLFLOW_PORT)


def _port(root: Path, server: str, host: str, port: int, variable: str) -> Finding:
    """One that a server of this checkout listens on is well: of `casebook up`, or of `casebook ui`."""
    what = f"port {port} ({server})"
    if (why := refusal(host, port)) is None:
        return Finding(what, "free")
    found = holder(port)
    if found is not None and found.folder == root.resolve():
        return Finding(what, f"this checkout's own server listens there (process {found.pid})")
    who = "" if found is None else f": {found.name}, process {found.pid}"
    return Finding(what, f"{why}{who}", f"end what listens there, or set {variable} to another port")
