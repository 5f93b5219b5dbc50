"""One GPU, one job: a lock of the operating system for each device of this machine.

The process that trains takes the lock and keeps it until it ends, however it ends. The locks lie outside
every checkout, so that no two checkouts, workers or users of a machine share a device by accident.
"""

import logging
import os
import subprocess
import tempfile
import time
from pathlib import Path

import torch
from filelock import FileLock, Timeout

from components.core.errors import CasebookError
from components.core.locks import file_lock
from components.core.params.case import FitParams
from components.training.launched import launched

log = logging.getLogger(__name__)

VISIBLE = "CUDA_VISIBLE_DEVICES"
HELD = "CASEBOOK_DEVICES_HELD"  # said to the processes that a fit starts: these are taken for them
SAY_AGAIN_SECONDS = 60.0
POLL_SECONDS = 0.5

# Held until this process ends: CUDA keeps a device from its first use on.
_locks: list[FileLock] = []


def claim(params: FitParams) -> list[str]:
    """Take as many free devices as the fit asks for, wait for them if need be, and make no others visible.

    Returns what it took: nothing where the fit is for CPU, this machine has no GPU, or the process has taken its
    devices before. A rank that a launcher such as `torchrun` started takes the device of its own number. Must be
    called before CUDA is first used.

    Raises:
        CasebookError: the fit asks for more devices than there are.
    """
    if params.accelerator == "cpu" or _locks or HELD in os.environ or not (devices := visible_devices()):
        return []
    if (place := launched()) is not None:
        taken = _wait_for([devices[place.local_rank % len(devices)]], 1)
    elif params.devices > len(devices):
        raise CasebookError(f"fit.devices is {params.devices}, but this machine shows {len(devices)}: {devices}")
    else:
        taken = _wait_for(devices, params.devices)
        os.environ[VISIBLE] = os.environ[HELD] = ",".join(taken)
    log.info("training on device %s", ", ".join(taken))
    return taken


def visible_devices() -> list[str]:
    """What CUDA calls the devices that this process may use: numbers, or the ids that CUDA_VISIBLE_DEVICES has."""
    if (declared := os.environ.get(VISIBLE)) is None:
        return [str(number) for number in range(torch.cuda.device_count())]
    devices: list[str] = []
    for name in (part.strip() for part in declared.split(",")):
        if not name or name == "-1" or name.startswith("No"):  # CUDA itself stops there; NoDevFiles is of schedulers
            break
        devices.append(name)
    return devices


def _wait_for(devices: list[str], count: int) -> list[str]:
    said = None
    while len(taken := _take(devices, count)) < count:
        if said is None or time.monotonic() - said > SAY_AGAIN_SECONDS:
            holders = ", ".join(f"{name} by process {_holder(name)}" for name in devices)
            log.warning("waiting for %d free device(s); held: %s", count, holders)
            said = time.monotonic()
        time.sleep(POLL_SECONDS)
    return taken


def _take(devices: list[str], count: int) -> list[str]:
    """`count` devices, or none: a process that waits for its second one while holding a first may wait for ever."""
    found: list[tuple[str, FileLock]] = []
    with _lock(_folder() / "choosing"):
        for name in devices:
            if len(found) < count and _taken(lock := _lock(_lock_path(name))):
                found.append((name, lock))
        if len(found) < count:
            for _, lock in found:
                lock.release()
            return []
    for name, lock in found:
        with _lock_path(name).open("r+", encoding="utf-8") as file:  # another user's file cannot be opened for "w"
            file.truncate()
            file.write(str(os.getpid()))
        _locks.append(lock)
    return [name for name, _ in found]


def _lock(path: Path) -> FileLock:
    """Made by whoever comes first, written by all: another user's fit locks the same file."""
    return file_lock(path, mode=0o666, thread_local=False)


def _taken(lock: FileLock) -> bool:
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return False
    return True


def _holder(name: str) -> str:
    return _lock_path(name).read_text(encoding="utf-8").strip() or "?"


def _lock_path(name: str) -> Path:
    return _folder() / _identity(name).replace("/", "_")


def _folder() -> Path:
    folder = Path(tempfile.gettempdir()) / "casebook-devices"
    if not folder.exists():
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o1777)
    return folder


def _identity(name: str) -> str:
    """The UUID of a device that is called by its number: others may call it by the UUID."""
    if not name.isdigit():
        return name
    command = ["nvidia-smi", "--query-gpu=uuid", "--format=csv,noheader", f"--id={name}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return name
    return done.stdout.strip() if done.returncode == 0 and done.stdout.strip() else name
