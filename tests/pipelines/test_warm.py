"""A stage as a fork of its run's helper: the same process to whoever started it, whatever is killed.

The helper here imports little, and what it forks is a small program beside a copy of `pipelines/warm`.
"""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from pipelines.warm.messages import SOCKET
from pipelines.warm.start import COLD, warm_helper
from pipelines.warm.start import LIBRARIES as ALL

ROOT = Path(__file__).resolve().parents[2]
LIBRARIES = ("numpy", "colorsys")

# A program that runs as a stage does.
PROGRAM = """
import sys
AT_START = [name for name in ("numpy", "colorsys") if name in sys.modules]
IMPORTED = sorted({name.partition(".")[0] for name in sys.modules})
if __name__ == "__main__":
    from pipelines.warm.client import run_warm
    if (ended := run_warm()) is not None:
        sys.exit(ended)

import json, os, random, resource, signal, subprocess, tempfile, threading, time, uuid
from pathlib import Path
from pipelines import value

def report(*_):
    import numpy
    umask = os.umask(0); os.umask(umask)
    handlers = {number: str(signal.getsignal(number)) for number in signal.valid_signals()}
    inherited = []
    for number in range(3, 1024):
        try:
            inherited.append(os.readlink(f"/proc/self/fd/{number}"))
        except OSError:
            pass
    same = {
        "name": __name__, "spec": __spec__.name, "argv": sys.argv, "orig_argv": sys.orig_argv, "path": sys.path,
        "executable": sys.executable, "cwd": os.getcwd(), "umask": umask, "environment": dict(os.environ),
        "input": sys.stdin.read(), "hash": hash("casebook"), "handlers": handlers, "value": value.VALUE,
        "mask": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])), "threads": threading.active_count(),
        "buffered": [sys.stdout.line_buffering, sys.stderr.line_buffering], "main": threading.main_thread().name,
        "limits": [resource.getrlimit(resource.RLIMIT_NOFILE), os.nice(0), sorted(os.sched_getaffinity(0))],
        "descriptors": inherited,
        "ours": sorted(name for name in sys.modules if name.startswith(("pipelines", "components"))),
    }
    drawn = [random.random(), numpy.random.random(), uuid.uuid4().hex, next(tempfile._get_candidate_names())]
    ids = {"pid": os.getpid(), "parent": os.getppid(), "leads": os.getpgid(0) == os.getpid()}
    print(json.dumps({"same": same, "drawn": drawn, "ids": ids, "at_start": AT_START, "imported": IMPORTED}))

def wait(handled):
    if handled == "handled":
        def end(number, frame):
            print("told", number, flush=True)
            raise SystemExit(128 + number)
        signal.signal(signal.SIGTERM, end)
    silent = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], **silent)
    Path("pids.part").write_text(f"{os.getpid()} {child.pid}"); Path("pids.part").rename("pids")
    deadline = time.monotonic() + 60
    while not Path("go").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    child.kill(); child.wait()
    print("went on", flush=True)

def end(how):
    if how == "raise":
        raise ZeroDivisionError("a fault")
    if how.startswith("SIG"):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.kill(os.getpid(), getattr(signal, how)); time.sleep(10)
    print("before the end")  # is still in the buffer
    sys.exit(int(how))

{"report": report, "wait": wait, "end": end}[sys.argv[1]](*sys.argv[2:])
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout as far as a helper knows one."""
    made = tmp_path_factory.mktemp("warm")
    shutil.copytree(ROOT / "pipelines" / "warm", made / "pipelines" / "warm")
    (made / "pipelines" / "__init__.py").touch()
    (made / "pipelines" / "value.py").write_text("VALUE = 1\n")
    (made / "program.py").write_text(PROGRAM)
    return made


@pytest.fixture(scope="module", autouse=True)
def heeded() -> Iterator[None]:
    """What a shell or nohup starts in the background ignores these, and so would all that is started here."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGHUP)}
    for number in before:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "CASEBOOK"))}
    return {**kept, "PYTHONHASHSEED": "7", "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}


@pytest.fixture(scope="module")
def warm(root: Path, environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """The environment of the stages of a run that has a helper."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(COLD, raising=False)
        with warm_helper(root, environment, LIBRARIES) as variables:
            assert variables.keys() == {SOCKET}
            yield environment | variables


@pytest.fixture(autouse=True)
def tidy(root: Path) -> None:
    for name in ("pids", "go"):
        (root / name).unlink(missing_ok=True)


def start(root: Path, environment: dict[str, str], *arguments: str, **options: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "program", *arguments]
    given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.PIPE, **options}
    return subprocess.Popen(command, cwd=root, env=environment, text=True, **given)


def run(root: Path, environment: dict[str, str], *arguments: str, given: str = "", **options: Any) -> tuple[Any, ...]:
    """Exit code, stdout and stderr."""
    with start(root, environment, *arguments, **options) as process:
        out, err = process.communicate(given, timeout=60)
    return process.returncode, out, err


def report(root: Path, environment: dict[str, str], **options: Any) -> dict[str, Any]:
    code, out, err = run(root, environment, "report", "a", "ü", given="a line\n", **options)
    assert (code, err) == (0, "")
    return dict(json.loads(out))


def until(happened: Callable[[], object], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def gone(pid: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE  # of whom nobody here is the parent
    return True


def waiting(root: Path, environment: dict[str, str], handled: str) -> tuple[subprocess.Popen[str], int, int]:
    """A stage at work that has started another process: what stands for it here, its id and that of the other."""
    process = start(root, environment, "wait", handled)
    until((root / "pids").exists)
    stage, other = map(int, (root / "pids").read_text().split())
    return process, stage, other


def test_a_fork_is_what_a_process_that_starts_anew_is(
    root: Path, environment: dict[str, str], warm: dict[str, str]
) -> None:
    varying = {"DVC_STAGE": "fit@toy", "CASEBOOK_FLOW_RUN_ID": "7"}
    cold, forked = (report(root, one | varying, umask=0o027) for one in (environment, warm))
    assert forked["same"] == cold["same"]
    assert cold["same"]["umask"] == 0o027
    assert cold["same"]["input"] == "a line\n"
    assert (cold["at_start"], forked["at_start"]) == ([], list(LIBRARIES))  # else nothing here was forked
    assert forked["ids"]["leads"]
    assert forked["ids"]["parent"] != os.getpid()


def test_forks_draw_their_own_numbers_and_read_our_modules_anew(root: Path, warm: dict[str, str]) -> None:
    first = report(root, warm)
    (root / "pipelines" / "value.py").write_text("VALUE = 2\n")
    second = report(root, warm)
    (root / "pipelines" / "value.py").write_text("VALUE = 1\n")
    assert (first["same"]["value"], second["same"]["value"]) == (1, 2)
    assert second["ids"]["parent"] == first["ids"]["parent"]
    assert all(one != other for one, other in zip(first["drawn"], second["drawn"], strict=True))


@pytest.mark.parametrize("how", ["0", "1", "143", "raise", "SIGKILL", "SIGTERM", "SIGINT", "SIGSEGV"])
def test_it_ends_as_the_fork_does(root: Path, environment: dict[str, str], warm: dict[str, str], how: str) -> None:
    cold, forked = (run(root, one, "end", how) for one in (environment, warm))
    assert forked[:2] == cold[:2]
    assert forked[2].splitlines()[-1:] == cold[2].splitlines()[-1:]  # a traceback has more lines before


@pytest.mark.parametrize("handled", ["handled", "not"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_reaches_the_fork(
    root: Path, environment: dict[str, str], warm: dict[str, str], handled: str, number: signal.Signals
) -> None:
    ended = []
    for one in (environment, warm):
        process, stage, other = waiting(root, one, handled)
        process.send_signal(number)
        out, _ = process.communicate(timeout=30)
        ended.append((process.returncode, out))
        until(lambda pid=stage: gone(pid))
        with suppress(ProcessLookupError):
            os.kill(other, signal.SIGKILL)
        (root / "pids").unlink()
    assert ended[1] == ended[0]
    assert ended[0][0] == (143 if handled == "handled" and number == signal.SIGTERM else -number)


def test_who_is_killed_takes_the_fork_and_what_it_started_along(root: Path, warm: dict[str, str]) -> None:
    process, stage, other = waiting(root, warm, "handled")
    process.kill()
    process.communicate()
    until(lambda: gone(stage) and gone(other), 5)


def test_two_at_once_do_not_disturb_each_other(root: Path, warm: dict[str, str]) -> None:
    first, stage, _ = waiting(root, warm, "handled")
    assert run(root, warm, "end", "3")[0] == 3
    assert report(root, warm)["at_start"] == list(LIBRARIES)
    (root / "pids").unlink()
    second, _, _ = waiting(root, warm, "handled")
    second.kill()
    second.communicate()
    assert not gone(stage)
    (root / "go").touch()
    assert (first.communicate(timeout=30)[0], first.returncode) == ("went on\n", 0)


def test_a_killed_helper_takes_its_forks_along_and_the_next_stage_starts_by_itself(
    root: Path, environment: dict[str, str]
) -> None:
    with warm_helper(root, environment, ("colorsys",)) as variables:
        process, stage, other = waiting(root, environment | variables, "handled")
        psutil.Process(stage).parent().kill()  # type: ignore[union-attr]
        process.communicate(timeout=30)
        os.kill(other, signal.SIGKILL)  # what a killed stage has started looks after itself
        assert process.returncode == -signal.SIGKILL
        assert gone(stage)
        assert report(root, environment | variables)["at_start"] == []


RUN = """
import sys, time
from pathlib import Path
from pipelines.warm.start import warm_helper
import os
with warm_helper(Path.cwd(), dict(os.environ), sys.argv[1:]) as variables:
    print(variables["CASEBOOK_WARM"], flush=True)
    time.sleep(60)
"""


@pytest.fixture
def killed_run(root: Path, environment: dict[str, str]) -> Iterator[Callable[..., tuple[Any, Path]]]:
    """Starts a run of its own in which a helper imports the libraries named; to be killed."""
    with ExitStack() as stack:

        def begin(*libraries: str) -> tuple[Any, Path]:
            process = subprocess.Popen(
                [sys.executable, "-c", RUN, *libraries],
                cwd=root,
                env=environment,
                stdout=subprocess.PIPE,
                text=True,
            )
            stack.callback(process.communicate)
            stack.callback(process.kill)
            assert process.stdout is not None
            return process, Path(process.stdout.readline().strip())

        yield begin


def test_a_helper_outlives_its_killed_run_for_the_stage_under_way_alone(
    root: Path, environment: dict[str, str], killed_run: Callable[..., tuple[Any, Path]]
) -> None:
    process, address = killed_run("colorsys")
    stage_environment = environment | {SOCKET: str(address)}
    stage, pid, _ = waiting(root, stage_environment, "handled")
    helper = psutil.Process(pid).ppid()
    process.kill()
    process.wait()
    until(lambda: report(root, stage_environment)["at_start"] == [])  # it takes nothing more
    assert not gone(pid)
    (root / "go").touch()
    assert (stage.communicate(timeout=30)[0], stage.returncode) == ("went on\n", 0)
    until(lambda: gone(helper), 5)
    assert not address.parent.exists()


def test_a_helper_whose_run_is_killed_while_it_imports_is_gone(
    root: Path, killed_run: Callable[..., tuple[Any, Path]]
) -> None:
    (root / "slow.py").write_text("import time; time.sleep(1)\n")
    process, address = killed_run("slow", "numpy")
    (helper,) = psutil.Process(process.pid).children()
    process.kill()
    until(lambda: not helper.is_running(), 10)
    assert not address.parent.exists()


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"PYTHONHASHSEED": "8"}, "PYTHONHASHSEED"),
        ({"OMP_NUM_THREADS": "2", "MLFLOW_X": "1"}, "MLFLOW_X, OMP_NUM_THREADS"),
        ({"PYTHONPATH": "elsewhere"}, "sys.path, PYTHONPATH"),
        ({"PYTHONOPTIMIZE": "1"}, "Python, PYTHONOPTIMIZE"),
    ],
)
def test_who_starts_otherwise_starts_by_itself_and_says_why(
    root: Path, warm: dict[str, str], variables: dict[str, str], told: str
) -> None:
    code, out, err = run(root, warm | variables, "report")
    assert code == 0
    assert err == f"casebook: this stage starts by itself: the helper of this run has other {told}\n"
    assert json.loads(out)["at_start"] == []


def test_who_has_other_limits_starts_by_itself(root: Path, warm: dict[str, str]) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))

    code, _, err = run(root, warm, "report", preexec_fn=limit)
    assert (code, err.partition("other ")[2]) == (0, "limits\n")


def test_a_library_that_has_changed_is_not_used(root: Path, environment: dict[str, str]) -> None:
    library = root / "changing.py"
    library.write_text("VALUE = 1\n")
    os.utime(library, (1_767_225_600, 1_767_225_600))
    with warm_helper(root, environment, ("colorsys", "changing")) as variables:
        assert report(root, environment | variables)["at_start"] == ["colorsys"]
        library.write_text("VALUE = 2\n")
        code, out, err = run(root, environment | variables, "report")
    assert (code, json.loads(out)["at_start"]) == (0, [])
    assert "a library is not what it was when this run began" in err


def test_a_helper_with_more_than_one_thread_is_not_forked(root: Path, environment: dict[str, str]) -> None:
    threaded = root / "threaded.py"
    threaded.write_text("import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()\n")
    os.utime(threaded, (1_767_225_600, 1_767_225_600))
    with warm_helper(root, environment, ("threaded",)) as variables:
        code, _, err = run(root, environment | variables, "report")
    assert (code, err) == (0, "casebook: this stage starts by itself: the helper of this run has 2 threads\n")


def test_a_library_that_cannot_be_imported_is_told_at_the_end(
    root: Path, environment: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    with warm_helper(root, environment, ("no_such_library",)) as variables:
        assert report(root, environment | variables)["at_start"] == []
    assert caplog.messages == [
        "there was no helper: no_such_library: No module named 'no_such_library'; each stage started by itself"
    ]


def test_nobody_who_wants_none_gets_one(
    root: Path, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(COLD, "1")
    with warm_helper(root, environment, LIBRARIES) as variables:
        assert variables == {}


def test_a_socket_that_another_could_have_made_is_not_used(
    root: Path, environment: dict[str, str], warm: dict[str, str], tmp_path: Path
) -> None:
    folder = Path(warm[SOCKET]).parent
    folder.chmod(0o755)
    assert report(root, warm)["at_start"] == []
    folder.chmod(0o700)
    assert report(root, warm)["at_start"] == list(LIBRARIES)
    assert report(root, environment | {SOCKET: str(tmp_path / "none")})["at_start"] == []


@pytest.mark.slow
def test_what_a_run_imports_leaves_one_thread_and_no_second_lightning(root: Path, environment: dict[str, str]) -> None:
    """On all cores: without OMP_NUM_THREADS OpenBLAS and others start threads. Two Lightnings share their loggers."""
    del (free := dict(environment))["OMP_NUM_THREADS"]
    with warm_helper(root, free) as variables:
        imported = report(root, free | variables)["imported"]
    assert {name.partition(".")[0] for name in ALL} <= set(imported)
    assert not {"pytorch_lightning", "lightning_fabric", "onnxruntime"} & set(imported)
