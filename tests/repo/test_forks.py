"""A command in a fork ends, speaks and finds our code as one in a process of its own."""

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.forks import Forks

ENDS = [
    "pass",
    "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)",
    "import os; os.kill(os.getpid(), 9)",
]
ENDS += ["import atexit; atexit.register(print, 'last')", "import sys; sys.exit('a word')"]


@pytest.mark.parametrize("code", ENDS)
def test_it_ends_as_a_process_of_its_own(data_forks: Forks, tmp_path: Path, code: str) -> None:
    cold = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    warm = data_forks.run("-c", code, cwd=tmp_path)
    assert (warm.returncode, warm.stdout, warm.stderr) == (cold.returncode, cold.stdout, cold.stderr)


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
    deadline = time.monotonic() + 10
    while psutil.pid_exists(left) and psutil.Process(left).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, "it goes on"
        time.sleep(0.01)
