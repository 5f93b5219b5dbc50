"""Calls `dvc repro` so that it waits for another one instead of failing, and ends whole when told to."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from pipelines.dvc_locks import free_stale, holders
from pipelines.tailing import lines_of, output_file

log = logging.getLogger(__name__)

# DVC names the lock in its refusal; both forms mean "another dvc is at it", and pass.
BUSY = ("is busy, it is being blocked by", "Unable to acquire lock")
WAIT_SECONDS = 2.0
GRACE_SECONDS = 20.0

Process = subprocess.Popen[str]


def reproduce(
    targets: list[str],
    root: Path,
    *,
    single: bool = False,
    force: bool = False,
    variables: Mapping[str, str] | None = None,
    tell: Callable[[str], object] | None = None,
) -> int:
    """Run `dvc repro TARGETS` in `root`, with more environment `variables`, and return its exit code.

    `single` runs the named stages only and not those before them. All that DVC and the stages say goes
    line by line to `tell`, or where this process itself speaks if there is none. While another `dvc repro` holds
    one of the stages this waits and says so; a lock whose process is gone is removed. SIGTERM and SIGINT are passed to
    DVC's whole process group, so that no stage is left behind.
    """
    arguments = ["repro", *(["-s"] if single else []), *(["-f"] if force else []), *targets]
    return call_dvc(arguments, root, ", ".join(targets) or "here", variables=variables, tell=tell)


def call_dvc(
    arguments: list[str],
    root: Path,
    what: str,
    *,
    variables: Mapping[str, str] | None = None,
    tell: Callable[[str], object] | None = None,
) -> int:
    """Run `dvc ARGUMENTS` in `root`, as `reproduce` does; `what` it brings about is named while it waits."""
    # After a stage DVC waits while another one writes the lock file, instead of throwing the stage's work away.
    command, said = [sys.executable, "-m", "dvc", "--wait-for-lock", *arguments], False
    while not ending.is_set():
        free_stale(root)
        code, busy = _run(command, root, variables or {}, tell)
        if not busy:
            return code
        if not said:
            at_it = ", ".join(str(holder) for holder in holders(root))
            log.warning("another dvc repro is running %s; waiting for it to end%s", what, f": {at_it}" if at_it else "")
            said = True
        ending.wait(WAIT_SECONDS)
    return 128 + signal.SIGTERM


def _run(
    command: list[str], root: Path, variables: Mapping[str, str], tell: Callable[[str], object] | None
) -> tuple[int, bool]:
    environment = {**dvc_environment(), **variables}
    with output_file() as (written, reader):
        process = subprocess.Popen(
            command,
            cwd=root,
            env=environment,
            stdout=None if tell is None else written,
            stderr=written,
            text=True,
            start_new_session=True,
        )
        with _ended_with_us(process):
            busy = False
            for line in lines_of(process, reader):
                busy = busy or is_busy(line)
                if not busy:
                    (_say if tell is None else tell)(line)
            return process.wait(), busy


def dvc_environment() -> dict[str, str]:
    """That of every DVC started here: the `python` of a stage is the one that this process runs by."""
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"}


def is_busy(said: str) -> bool:
    """Whether DVC refused because another one is at work."""
    return any(mark in said for mark in BUSY)


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


@contextmanager
def _ended_with_us(process: Process) -> Iterator[None]:
    """End the process's group when the block is left, or when this process is told to end."""
    running.add(process)
    if ending.is_set():  # this one was begun as the others were ended
        end_group(process)
    signals = (signal.SIGTERM, signal.SIGINT) if threading.current_thread() is threading.main_thread() else ()
    handlers = {number: signal.signal(number, _exit_for(process)) for number in signals}
    try:
        yield
    finally:
        end_group(process)
        running.discard(process)
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _exit_for(process: Process) -> Callable[[int, FrameType | None], None]:
    def handle(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - what signal.signal calls
        end_group(process)
        raise SystemExit(128 + number)

    return handle


# Python runs signal handlers in the main thread only: a flow, whose stages run in others, ends these.
running: set[Process] = set()
ending = threading.Event()


def end_running() -> None:
    """End every `dvc repro` that any thread of this process has started, and let none be started any more."""
    ending.set()
    for process in list(running):
        end_group(process)


def end_group(process: Process) -> None:
    """Ask the process's whole group to end, and kill what is still there after a while."""
    for number, patience in ((signal.SIGTERM, GRACE_SECONDS), (signal.SIGKILL, 1.0)):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and _alive(process):
            time.sleep(0.05)


def _alive(process: Process) -> bool:
    process.poll()
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return False
    return True
