"""A process that has imported libraries, and none of our code, forks a child for each command.

A command in such a child finds what a process of its own would find, and does not pay for the libraries again: it is
given the words, the folder and the environment, imports our code anew, and ends as the interpreter ends it.
Not for what is told to end by a signal, nor where the libraries themselves are to be missing.
"""

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
OURS = {"components", "pipelines", "tests"}


class Forks:
    """One such process; it ends with the process that has started it."""

    def __init__(self, libraries: tuple[str, ...]) -> None:
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        self.process = subprocess.Popen(
            [sys.executable, __file__, *libraries],
            cwd="/",
            env={**kept, "OMP_NUM_THREADS": "1", "MLFLOW_DISABLE_TELEMETRY": "true"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(
        self, *words: str, cwd: Path, env: dict[str, str] | None = None, together: bool = False
    ) -> "subprocess.CompletedProcess[str]":
        """What `python -c CODE …` or `python -m MODULE …` says and ends with, and what it left running is killed."""
        with tempfile.TemporaryDirectory() as folder:
            said = [Path(folder, name) for name in ("stdout", "stdout" if together else "stderr")]
            asked = [list(map(str, words)), str(cwd), dict(os.environ) if env is None else env, *map(str, said)]
            assert self.process.stdin is not None
            assert self.process.stdout is not None
            self.process.stdin.write(json.dumps(asked) + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
            assert answer, f"the process that forks has ended with {self.process.wait()}"
            pid, code = map(int, answer.split())
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
            out, err = (path.read_text(encoding="utf-8", errors="replace") for path in said)
            return subprocess.CompletedProcess(words, code, out, "" if together else err)

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
        child = os.fork()
        if child == 0:
            os.close(answers)
            write = os.O_WRONLY | os.O_CREAT | os.O_APPEND
            for descriptor, name, how in ((0, os.devnull, os.O_RDONLY), (1, said[0], write), (2, said[1], write)):
                opened = os.open(name, how, 0o644)
                os.dup2(opened, descriptor)
                os.close(opened)
            return words, folder, environment
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        os.write(answers, f"{child} {code}\n".encode())
    os._exit(0)


def become(words: list[str], folder: str, environment: dict[str, str]) -> None:
    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.pycache_prefix = environment.get("PYTHONPYCACHEPREFIX")
    ours = [part for part in environment.get("PYTHONPATH", "").split(os.pathsep) if part]
    sys.path[:] = [folder, *(os.path.abspath(part) for part in ours), *sys.path[1:]]  # noqa: PTH100
    assert not OURS & sys.modules.keys(), "the libraries have imported code of ours"
    kind, what, *arguments = words
    sys.argv[:] = ["-c" if kind == "-c" else what, *arguments]
    if kind == "-c":
        exec(compile(what, "<string>", "exec"), {"__name__": "__main__"})  # noqa: S102
    else:
        runpy.run_module(what, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    import importlib

    for library in sys.argv[1:]:
        importlib.import_module(library)
    become(*serve())
