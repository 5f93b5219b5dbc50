"""A process that has imported libraries, and none of our code, forks a child for each command.

A command in such a child finds what a process of its own would find, and does not pay for the libraries again: it is
given the words, the folder and the environment, imports our code anew, and ends as the interpreter ends it.

What it inherits counts as loaded: a test of what is not imported fails for it. An import that our code lacks would not
be missed in a fork: tests/repo/test_submodules.py looks for such, and each stage of each recipe starts cold where
`dvc repro` starts it. Not for what is told to end by a signal, nor where the libraries themselves are to be missing.
"""

import atexit
import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

DATA = ("numpy", "pandas", "pyarrow.parquet", "pydantic", "yaml")
TRAINING = (*DATA, "scipy.stats", "sklearn.ensemble", "lightgbm", "torch", "lightning.pytorch", "optuna", "mlflow")
TRAINING += ("mlflow.store.tracking.sqlalchemy_store", "alembic.command", "dvc.repo", "typer", "rich.console")
OURS = {"components", "pipelines", "tests"}
# Of the process that forks. Arrow's allocator has a thread of its own, and a fork is of a process that has one thread.
SETTINGS = {
    "OMP_NUM_THREADS": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}
# What an interpreter or a library reads as it starts: a child cannot be given another.
AT_START = ("PYTHONHASHSEED", "PYTHONWARNINGS", "PYTHONOPTIMIZE", "PYTHONDONTWRITEBYTECODE", "PYTHONUTF8", "LD_PRELOAD")
AT_START += ("OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES")
THREADS = Path("/proc/self/task")
ENDS: list[int] = []  # the exit code of this process, once its work is done


class Forks:
    """One such process; it ends with the process that has started it."""

    def __init__(self, libraries: tuple[str, ...]) -> None:
        self.libraries = libraries
        self.process = self.begun()

    def begun(self) -> "subprocess.Popen[str]":
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return subprocess.Popen(
            [sys.executable, __file__, *self.libraries],
            cwd="/",
            env={**kept, **SETTINGS},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(
        self, *words: str, cwd: Path, env: dict[str, str] | None = None, together: bool = False
    ) -> "subprocess.CompletedProcess[str]":
        """What `python -c CODE …` or `python -m MODULE …` says and ends with, and what it left running is killed."""
        environment = dict(os.environ) if env is None else env
        has = {**os.environ, **SETTINGS}
        other = [name for name in AT_START if name in environment and environment[name] != has.get(name)]
        assert not other, f"a fork has {other} of the process that forks: start a process of its own"
        with tempfile.TemporaryDirectory() as folder:
            said = [Path(folder, name) for name in ("stdout", "stdout" if together else "stderr")]
            code = self.ended([list(map(str, words)), str(cwd), environment, *map(str, said)])
            out, err = (path.read_text(encoding="utf-8", errors="replace") for path in said)
            return subprocess.CompletedProcess(words, code, out, "" if together else err)

    def ended(self, asked: list[object]) -> int:
        """The exit code of a child that does what is asked."""
        child = 0
        try:
            self.tell(asked)
            child = self.told()
            return self.told()
        except BaseException:  # such as a test's time being over: the next answer would be to this question
            self.begin_again()
            raise
        finally:
            if child:
                with suppress(ProcessLookupError):
                    os.killpg(child, signal.SIGKILL)

    def begin_again(self) -> None:
        """Kill the process and its child, whose number may have been read and lost, and start another."""
        from psutil import NoSuchProcess, Process

        with suppress(NoSuchProcess):
            self.process.send_signal(signal.SIGSTOP)  # from now on it forks no more
            for child in Process(self.process.pid).children():
                with suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGKILL)
                child.kill()  # one that has not got a group of its own yet
        self.process.kill()
        self.process.wait()
        self.process = self.begun()

    def tell(self, asked: list[object]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()

    def told(self) -> int:
        assert self.process.stdout is not None
        answer = self.process.stdout.readline()
        assert answer, f"the process that forks has ended with {self.process.wait()}"
        return int(answer)

    def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


BEGUN: list[Forks] = []


@cache
def forks(libraries: tuple[str, ...]) -> Forks:
    """One for all tests of this process; `end_all` ends it."""
    BEGUN.append(Forks(libraries))
    return BEGUN[-1]


def end_all() -> None:
    while BEGUN:
        BEGUN.pop().end()


def serve() -> tuple[list[str], str, dict[str, str]]:
    """Fork for each line of the input; only the children return."""
    answers = os.dup(1)
    os.set_inheritable(answers, False)
    for line in sys.stdin:
        words, folder, environment, *said = json.loads(line)
        assert not THREADS.is_dir() or len(list(THREADS.iterdir())) == 1, "a lock of another thread would stay locked"
        child = os.fork()
        if child == 0:
            os.setsid()
            os.close(answers)
            write = os.O_WRONLY | os.O_CREAT | os.O_APPEND
            for descriptor, name, how in ((0, os.devnull, os.O_RDONLY), (1, said[0], write), (2, said[1], write)):
                opened = os.open(name, how, 0o644)
                os.dup2(opened, descriptor)
                os.close(opened)
            return words, folder, environment
        os.write(answers, f"{child}\n".encode())
        os.write(answers, f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n".encode())
    os._exit(0)


def become(words: list[str], folder: str, environment: dict[str, str]) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.pycache_prefix = environment.get("PYTHONPYCACHEPREFIX") or None  # an empty one is none, as at the start
    ours = [part for part in environment.get("PYTHONPATH", "").split(os.pathsep) if part]
    sys.path[:] = [folder, *(os.path.abspath(part) for part in ours), *sys.path]  # noqa: PTH100
    assert not OURS & sys.modules.keys(), "the libraries have imported code of ours"
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()  # else what draws without a seed of its own is the same in every fork
    kind, what, *arguments = words
    sys.argv[:] = ["-c" if kind == "-c" else what, *arguments]
    try:
        if kind == "-c":
            exec(compile(what, "<string>", "exec"), {"__name__": "__main__"})  # noqa: S102
        else:
            runpy.run_module(what, run_name="__main__", alter_sys=True)
        ENDS.append(0)
    except SystemExit as error:
        ENDS.append(error.code if isinstance(error.code, int) else int(error.code is not None))
        raise
    except Exception:
        ENDS.append(1)
        raise


def leave() -> None:
    """The last that is done at exit, where the interpreter would take the libraries apart, and copy them for it."""
    if ENDS:  # none after an interruption, which ends by its signal
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(ENDS[0] & 0xFF)


if __name__ == "__main__":
    import gc
    import importlib

    atexit.register(leave)
    del sys.path[0]  # this folder
    for library in sys.argv[1:]:
        importlib.import_module(library)
    gc.freeze()  # children that look for garbage need not go through the libraries, each in a copy of its own
    become(*serve())
