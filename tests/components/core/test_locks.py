"""A lock is waited for with a word, and ends with its process."""

import errno
import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from components.core.locks import held_lock, is_held

ROOT = Path(__file__).parents[3]


class KilledError(BaseException):
    pass


HOLDER = """
import logging, sys, time
from pathlib import Path
from components.core.locks import held_lock
logging.basicConfig(format="%(message)s")
with held_lock(Path(sys.argv[1]), "stage fit of credit"):
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


def hold(path: Path, seconds: float) -> subprocess.Popen:
    command = [sys.executable, "-u", "-c", HOLDER, str(path), str(seconds)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_the_second_waits_says_so_and_goes_on_when_the_first_is_killed(tmp_path):
    path = tmp_path / "locks" / "fit.lock"
    first = hold(path, 600)
    assert first.stdout.readline() == "held\n"
    second = hold(path, 0)
    # The message comes before the wait, while the first still holds the lock.
    expected = f"stage fit of credit: process {first.pid} is at it; waiting for it to end\n"
    assert second.stderr.readline() == expected
    time.sleep(0.5)
    assert second.poll() is None
    first.kill()
    out, _ = second.communicate(timeout=30)
    assert (out, second.returncode) == ("held\n", 0)
    assert first.wait() == -signal.SIGKILL
    first.stdout.close()
    first.stderr.close()
    assert path.read_text() == str(second.pid)


def test_a_free_lock_is_taken_at_once_and_without_a_word(tmp_path, caplog):
    path = tmp_path / "fit.lock"
    for _ in range(2):
        with held_lock(path, "fit"):
            assert path.read_text() == str(os.getpid())
    assert caplog.text == ""


def test_a_lock_is_free_again_after_an_exception(tmp_path):
    with pytest.raises(KilledError), held_lock(tmp_path / "fit.lock", "fit"):
        raise KilledError
    after = hold(tmp_path / "fit.lock", 0)
    assert after.communicate(timeout=30) == ("held\n", "")


def test_a_lock_is_held_by_this_process_and_by_another_until_that_is_killed(tmp_path):
    path = tmp_path / "fit.lock"
    assert not is_held(path)
    with held_lock(path, "fit"):
        assert is_held(path)
    assert not is_held(path)
    other = hold(path, 600)
    assert other.stdout.readline() == "held\n"
    assert is_held(path)
    other.kill()
    other.communicate(timeout=30)
    assert not is_held(path)
    assert path.read_text() == str(other.pid)  # asking leaves the file as it was


def test_where_the_file_system_has_no_locks_the_mere_file_is_none(tmp_path, monkeypatch):
    def missing(*_):
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", missing)
    with pytest.raises(OSError, match="not implemented"), held_lock(tmp_path / "fit.lock", "fit"):
        raise AssertionError("held")
