"""Helper of one run: imports the libraries, nothing of ours, and forks a process for each stage that DVC starts.

    python -m pipelines.warm.helper LISTENING RUN SOCKET LIBRARY ...

LISTENING is the descriptor of a socket at the path SOCKET, RUN that of a pipe whose other end the run holds. When the
run is gone, however it ended, the helper takes nothing more, waits for the stages under way, as DVC does, and ends. A
fork is refused wherever it would not be what a process that starts anew is: the stage starts by itself and says why.
"""

import contextlib
import ctypes
import gc
import importlib
import logging
import os
import select
import signal
import site
import socket
import sys
import time
from pathlib import Path

from pipelines.warm.forks import Forks, become
from pipelines.warm.messages import UNFIT, Message, differing, traits

# Libraries that start threads when they are imported, unless told not to; the variables are taken back afterwards.
NO_THREADS = {"JE_ARROW_MALLOC_CONF": "background_thread:false", "NUMEXPR_NUM_THREADS": "1"}
PR_SET_PDEATHSIG = 1


class UnfitError(Exception):
    """Why no stage can be a fork of this process."""


libc = ctypes.CDLL(None, use_errno=True)


def main(arguments: list[str]) -> int:
    listening, run, path = socket.socket(fileno=int(arguments[0])), int(arguments[1]), Path(arguments[2])
    for descriptor in (listening.fileno(), run):
        os.set_inheritable(descriptor, False)
    own, begun, me = traits(), time.time_ns(), os.getpid()
    try:
        import_libraries(arguments[3:], run)
        files = read_files()
        if any(modified > begun for modified, _ in files.values()):
            raise UnfitError("a library was changed while it was imported")
    except UnfitError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the run reads it
        return leave(path, UNFIT)

    def refusal(request: Message) -> str | None:
        if names := differing(own, request["traits"]):
            return f"the helper of this run has other {', '.join(names)}"
        if (threads := count_threads()) != 1:
            return f"the helper of this run has {threads} threads"
        return None if read_files() == files else "a library is not what it was when this run began"

    order = Forks(listening, run, refusal).serve()
    if order is not None:
        become(order, me, die_with_parent)
    return leave(path, 0)


def leave(path: Path, code: int) -> int:
    """Remove the socket, which a killed run cannot; `code` is what the helper ends with."""
    path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        path.parent.rmdir()
    return code


def import_libraries(names: list[str], run: int) -> None:
    """Import what stages import.

    Raises:
        UnfitError: a process that has imported it must not be forked, or the run is gone.
    """
    set_here = {name: value for name, value in NO_THREADS.items() if name not in os.environ}
    os.environ.update(set_here)
    logging.basicConfig(level=logging.WARNING)  # a stage has it before its imports: Lightning would add its own
    for name in names:
        if select.select([run], [], [], 0)[0]:
            raise UnfitError("the run is gone")
        try:
            importlib.import_module(name)
        except Exception as error:
            raise UnfitError(f"{name}: {error}") from error
        if name == "torch" and (device := sys.modules["torch"].version.cuda or sys.modules["torch"].version.hip):
            raise UnfitError(f"torch is made for a GPU ({device}), whose driver must not be forked")
    for name in set_here:
        del os.environ[name]
    settle()


def settle() -> None:
    """End the threads of OpenBLAS, as it does itself before any fork, and keep what was imported out of collections."""
    pid = os.fork()
    if not pid:
        os._exit(0)
    os.waitpid(pid, 0)
    gc.collect()
    gc.freeze()


def count_threads() -> int:
    return len(list(Path("/proc/self/task").iterdir()))


def read_files() -> dict[str, tuple[int, int]]:
    """Of each file that a module was read from, and of each folder of packages: when it was changed, and its size."""
    files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
    found = {}
    for path in {*filter(None, files), *(folder for folder in site.getsitepackages() if folder in sys.path)}:
        try:
            facts = Path(path).stat()
        except OSError:
            found[path] = (0, 0)
        else:
            found[path] = (facts.st_mtime_ns, facts.st_size)
    return found


def die_with_parent() -> None:
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stderr.flush()
    os._exit(code)  # what libraries do at the end of a process is for the forks
