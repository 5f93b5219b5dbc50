"""A stage's process as a stand-in: in a run that keeps a helper, a fork of the helper does the work in its place.

For whoever started it the stand-in is the stage: it has the stage's place, output and exit status, hands signals on,
and when it is killed the fork is killed. Only the standard library is imported here, or nothing would be won.
"""

import contextlib
import os
import resource
import select
import signal
import socket
import stat
import sys
from pathlib import Path
from types import FrameType

from pipelines.warm.messages import SOCKET, VARYING, receive, send, traits

PASSED = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)
STANDARD = (0, 1, 2)
GONE_MS = 10_000  # for a killed process to go


def run_warm() -> int | None:
    """Have the helper of this run do what this process was started for, and return the exit code.

    None where there is no helper, or where a fork of it would not be the same as this process: it works itself then.
    """
    address = os.environ.pop(SOCKET, None)
    if not address or not _is_plain(sys.orig_argv[1:]):
        return None
    helper = _connect(Path(address))
    if helper is None:  # the run is gone
        return None
    with helper:
        try:
            send(helper, _request(), list(STANDARD))
            answer, descriptors = receive(helper, 1)
        except OSError:
            return None
        if answer is None:  # the helper has ended before it began this
            return None
        if "cold" in answer:
            sys.stderr.write(f"casebook: this stage starts by itself: {answer['cold']}\n")
            return None
        return _stand_in(helper, descriptors[0])


def _is_plain(arguments: list[str]) -> bool:
    """Whether Python was started with a module or a file, and none of its own options, which the helper lacks."""
    return arguments[:1] == ["-m"] or (arguments[:1] != [] and not arguments[0].startswith("-"))


def _connect(path: Path) -> socket.socket | None:
    """A connection to a helper that nobody else can have put there."""
    try:
        folder = path.parent.stat()
        if folder.st_uid != os.getuid() or stat.S_IMODE(folder.st_mode) != stat.S_IRWXU:
            return None
        for descriptor in STANDARD:
            os.fstat(descriptor)
        helper = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        helper.connect(str(path))
    except OSError:
        return None
    return helper


def _request() -> dict[str, object]:
    umask = os.umask(0)
    os.umask(umask)
    return {
        "command": sys.orig_argv,
        "executable": sys.executable,
        "folder": str(Path.cwd()),
        "umask": umask,
        "variables": {name: os.environ[name] for name in VARYING if name in os.environ},
        "traits": traits(),
    }


def _stand_in(helper: socket.socket, child: int) -> int:
    """Hand signals on until the child has ended, and end as it did."""

    def hand_on(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - what signal.signal calls
        with contextlib.suppress(OSError):
            helper.send(bytes([number]))

    for number in PASSED:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, hand_on)
    try:
        answer, _ = receive(helper)
    except OSError:
        answer = None
    if answer is None:  # the helper was killed, and the kernel kills its forks
        _see_it_gone(child)
        return _end_by(signal.SIGKILL)
    code = os.waitstatus_to_exitcode(answer["status"])
    return code if code >= 0 else _end_by(-code)


def _see_it_gone(child: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(child, signal.SIGKILL)
    watched = select.poll()
    watched.register(child, select.POLLIN)
    watched.poll(GONE_MS)


def _end_by(number: int) -> int:
    """End by the signal that the child ended by."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a dump of this process would tell nothing
    with contextlib.suppress(OSError):  # SIGKILL has no handler
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    return 128 + number
