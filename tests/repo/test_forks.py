"""A command in a fork ends, speaks and finds our code as one in a process of its own."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.forks import AT_START, DATA, SETTINGS, THREADS, TRAINING, Forks, forks

ENDS = [
    "pass",
    "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)",
    "import os; os.kill(os.getpid(), 9)",
]
ENDS += [
    "import atexit; atexit.register(print, 'last')",
    "import sys; sys.exit('a word')",
    "raise KeyboardInterrupt",
    "raise ValueError(7)",
]
ENDS += ["import threading, time; threading.Thread(target=lambda: (time.sleep(0.2), print('late'))).start()"]
ENDS += ["import sys; sys.stdout.write('no end of a line'); sys.exit(300)", "import sys; sys.exit(-1)"]


@pytest.mark.parametrize("code", ENDS)
def test_it_ends_as_a_process_of_its_own(data_forks: Forks, tmp_path: Path, code: str) -> None:
    cold = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    warm = data_forks.run("-c", code, cwd=tmp_path)
    assert (warm.returncode, warm.stdout) == (cold.returncode, cold.stdout)
    # A traceback comes by way of what forks; how it ends is the same.
    assert (warm.stderr.splitlines()[-2:], len(warm.stderr) > 0) == (
        cold.stderr.splitlines()[-2:],
        len(cold.stderr) > 0,
    )


def test_it_has_the_folder_the_words_and_the_environment_that_it_is_given(data_forks: Forks, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("import os, sys; print(os.getcwd(), sys.argv[1:], dict(os.environ))\n")
    done = data_forks.run("-m", "mine", "a", "b c", cwd=tmp_path, env={"X": "1"})
    assert done.stdout == f"{tmp_path} ['a', 'b c'] {{'X': '1'}}\n", done.stderr


def test_code_of_ours_is_that_of_the_folder_and_as_it_stands_now(data_forks: Forks, tmp_path: Path) -> None:
    code = "import components; print(components.SAYS)"
    (tmp_path / "components").mkdir()
    for says in ("one", "another"):
        (tmp_path / "components" / "__init__.py").write_text(f"SAYS = {says!r}\n")
        assert data_forks.run("-c", code, cwd=tmp_path, env={}).stdout == f"{says}\n"


def test_what_it_leaves_running_is_killed(data_forks: Forks, tmp_path: Path) -> None:
    code = "import subprocess; print(subprocess.Popen(['sleep', '600']).pid)"
    left = int(data_forks.run("-c", code, cwd=tmp_path).stdout)
    assert ended(left)


def ended(pid: int) -> bool:
    deadline = time.monotonic() + 10
    while alive := psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > deadline:
            break
        time.sleep(0.01)
    return not alive


@pytest.mark.parametrize("libraries", [DATA, pytest.param(TRAINING, marks=pytest.mark.slow)])
def test_a_fork_is_of_one_thread(libraries: tuple[str, ...], tmp_path: Path) -> None:
    done = forks(libraries).run("-c", f"import os; print(len(os.listdir({str(THREADS)!r})))", cwd=tmp_path)
    assert done.stdout == "1\n", done.stderr


def test_a_process_of_two_threads_is_not_forked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delitem(SETTINGS, "JE_ARROW_MALLOC_CONF")
    threaded = Forks(("pyarrow",))
    with pytest.raises(AssertionError, match="the process that forks has ended with 1"):
        threaded.run("-c", "print(1)", cwd=tmp_path)
    threaded.end()


@pytest.mark.parametrize("name", AT_START)
def test_what_an_interpreter_reads_as_it_starts_cannot_be_asked_for(data_forks: Forks, name: str) -> None:
    with pytest.raises(AssertionError, match=f"a fork has .*{name}.* of the process that forks"):
        data_forks.run("-c", "pass", cwd=Path("/"), env={**os.environ, name: "x"})


def test_no_two_draw_the_same_numbers_without_a_seed(data_forks: Forks, tmp_path: Path) -> None:
    code = "import numpy, random; print(numpy.random.random(), random.random())"
    one, other = (data_forks.run("-c", code, cwd=tmp_path).stdout.split() for _ in range(2))
    assert len({*one, *other}) == 4


def test_a_run_that_is_given_up_ends_and_the_next_has_its_own_answer(data_forks: Forks, tmp_path: Path) -> None:
    def give_up(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGUSR1, give_up)
    code = "import os, pathlib, signal, time; pathlib.Path('pid').write_text(str(os.getpid())); "
    code += "os.kill(int(pathlib.Path('asker').read_text()), signal.SIGUSR1); time.sleep(600)"
    (tmp_path / "asker").write_text(str(os.getpid()))
    with pytest.raises(TimeoutError):
        data_forks.run("-c", code, cwd=tmp_path)
    signal.signal(signal.SIGUSR1, before)
    assert ended(int((tmp_path / "pid").read_text()))
    assert data_forks.run("-c", "print('mine')", cwd=tmp_path).stdout == "mine\n"
