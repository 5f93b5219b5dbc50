"""Helper of one run: imports the libraries, nothing of ours, and forks a process for each stage that DVC starts.

    python -m pipelines.warm.helper LISTENING RUN SOCKET

LISTENING is the descriptor of a socket at the path SOCKET, RUN that of a pipe whose other end the run holds. When the
run is gone, however it ended, the helper takes nothing more, waits for the stages under way, as DVC does, and ends. A
fork is refused wherever it would not be what a process that starts anew is: the stage starts by itself and says why.
"""

import ctypes
import gc
import importlib
import os
import select
import signal
import site
import socket
import sys
import time
from pathlib import Path

from pipelines.warm.forks import OURS, Forks, become
from pipelines.warm.messages import UNFIT, Message, differing, traits

# What stages import, as far as it starts no thread that cannot be ended: onnxruntime, for one, does.
LIBRARIES = (
    "pydantic",
    "pandas",
    "pyarrow.parquet",
    "pandera.pandas",
    "torch",
    "lightning.pytorch",
    "mlflow.pyfunc",
    "optuna",
)
# Libraries that start threads when they are imported, unless told not to; the variables are taken back afterwards.
NO_THREADS = {"JE_ARROW_MALLOC_CONF": "background_thread:false", "NUMEXPR_NUM_THREADS": "1"}
PR_SET_PDEATHSIG = 1

libc = ctypes.CDLL(None, use_errno=True)


def main() -> int:
    listening, run, path = socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2]), Path(sys.argv[3])
    for descriptor in (listening.fileno(), run):
        os.set_inheritable(descriptor, False)
    own, begun, me = traits(), time.time_ns(), os.getpid()
    unfit = import_libraries(run)
    if unfit is not None:
        print(unfit, file=sys.stderr)  # noqa: T201
        return UNFIT
    files = read_files()
    if any(modified > begun for modified, _ in files.values()):
        print("a library was changed while it was imported", file=sys.stderr)  # noqa: T201
        return UNFIT

    def refusal(request: Message) -> str | None:
        if names := differing(own, request["traits"]):
            return f"{', '.join(names)} is not what the helper of this run has"
        if (threads := count_threads()) != 1:
            return f"the helper of this run has {threads} threads"
        return None if read_files() == files else "a library is not what it was when this run began"

    order = Forks(listening, run, refusal).serve()
    if order is not None:
        become(order, me, die_with_parent)
    path.unlink(missing_ok=True)
    path.parent.rmdir()
    return 0


def import_libraries(run: int) -> str | None:
    """Import what can be; return why nothing may be forked afterwards, if so."""
    set_here = {name: value for name, value in NO_THREADS.items() if name not in os.environ}
    os.environ.update(set_here)
    for name in LIBRARIES:
        if select.select([run], [], [], 0)[0]:
            return "the run is gone"
        importlib.import_module(name)
        if name == "torch" and (made_for := sys.modules["torch"].version.cuda or sys.modules["torch"].version.hip):
            return f"torch is made for a GPU ({made_for}), whose driver cannot be forked"
    for name in set_here:
        del os.environ[name]
    ours = [name for name in sys.modules if name.partition(".")[0] in OURS and name.split(".")[1:2] != ["warm"]]
    if [name for name in ours if name != "pipelines"]:
        return f"{ours[0]} was imported"
    settle()
    return None


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
    paths = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
    paths.update(folder for folder in site.getsitepackages() if folder in sys.path)
    found = {}
    for path in paths:
        if path is not None:
            facts = Path(path).stat() if Path(path).exists() else None
            found[path] = (facts.st_mtime_ns, facts.st_size) if facts else (0, 0)
    return found


def die_with_parent() -> None:
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    os._exit(code)  # what libraries do at the end of a process is for the forks
