"""A lock of DVC counts while the process that took it is there, and no longer."""

import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipelines.dvc_locks import FILE, Holder, free_stale, holders
from pipelines.plan import status

ASLEEP = "import time; print(flush=True); time.sleep(600)\n"
Starter = Callable[..., int]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Starter]:
    """Start a command that says a line and sleeps; its number."""
    begun: list[subprocess.Popen[str]] = []

    def started(*command: str) -> int:
        begun.append(subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True))
        assert begun[-1].stdout is not None
        begun[-1].stdout.readline()
        return begun[-1].pid

    yield started
    for process in begun:
        process.kill()
        process.wait()


def locked(root: Path, *named: tuple[int, str], written: float | None = None) -> Path:
    """DVC's file, by which the first process writes a path and the others read another."""
    path = root / ".dvc" / "tmp" / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    (first, *others) = [{"pid": pid, "cmd": command} for pid, command in named]
    path.write_text(json.dumps({"read": {"data/raw/x": others}, "write": {"models/x/best.json": first}}))
    if written is not None:
        os.utime(path, (written, written))
    return path


def test_a_number_that_is_somebody_elses_is_no_lock(
    tmp_path: Path, start: Starter, caplog: pytest.LogCaptureFixture
) -> None:
    """What a power cut leaves: the words of a `dvc repro`, and a number that another program has now."""
    other = start("sh", "-c", "echo; exec sleep 600")
    path = locked(tmp_path, (other, "dvc repro release@x"), (other, "dvc repro fit@x"))
    with caplog.at_level(logging.WARNING):
        free_stale(tmp_path)
    assert json.loads(path.read_text()) == {"read": {}, "write": {}}
    assert holders(tmp_path) == []
    said = f"the lock of process {other} (dvc repro release@x) is removed: that process is gone"
    assert [record.getMessage() for record in caplog.records if said in record.getMessage()]


def test_one_who_is_at_it_keeps_its_lock(tmp_path: Path, start: Starter, caplog: pytest.LogCaptureFixture) -> None:
    """As `dvc …`, whose first word is the program's path, and as `python -m dvc …`, whose first is `__main__.py`."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "dvc").write_text(ASLEEP)
    (tmp_path / "dvc").mkdir()
    (tmp_path / "dvc" / "__init__.py").touch()
    (tmp_path / "dvc" / "__main__.py").write_text(ASLEEP)
    program, module = str(tmp_path / "bin" / "dvc"), str(tmp_path / "dvc" / "__main__.py")
    first = start(sys.executable, program, "repro", "fit@x")
    second = start(sys.executable, "-m", "dvc", "--wait-for-lock", "repro", "-s", "fit@y")
    named = (first, f"{program} repro fit@x"), (second, f"{module} --wait-for-lock repro -s fit@y")
    path = locked(tmp_path, *named)
    before = path.read_text()
    free_stale(tmp_path)
    assert (path.read_text(), caplog.records) == (before, [])
    assert holders(tmp_path) == sorted((Holder(*one) for one in named), key=lambda holder: holder.pid)
    # Of other words, or begun long after the file was written, it is another process of that number.
    locked(tmp_path, (first, f"{program} repro fit@z"), named[1])
    free_stale(tmp_path)
    assert holders(tmp_path) == [Holder(*named[1])]
    locked(tmp_path, *named, written=time.time() - 3600)
    free_stale(tmp_path)
    assert holders(tmp_path) == []


@pytest.mark.parametrize("content", ["", "{", "7", '{"write": {"x": {}}}', '{"read": {"x": {"pid": 1}}}', "\udcff"])
def test_a_damaged_file_is_removed(tmp_path: Path, content: str, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / ".dvc" / "tmp" / FILE
    path.parent.mkdir(parents=True)
    path.write_bytes(content.encode(errors="surrogateescape"))
    free_stale(tmp_path)
    assert not path.exists()
    assert f"{path}: damaged" in caplog.text
    free_stale(tmp_path)  # there is nothing to do any more


@pytest.mark.slow
def test_dvc_itself_goes_on_and_is_waited_for(tmp_path: Path, start: Starter) -> None:
    """The real `dvc`: refused over a stale lock without us, answers after us; its own lock stays until it is killed."""
    for command in (("git", "init", "--quiet"), (sys.executable, "-m", "dvc", "init", "--quiet")):
        subprocess.run(command, cwd=tmp_path, check=True)
    (tmp_path / "dvc.yaml").write_text("stages:\n  slow:\n    cmd: sleep 600 && touch out\n    outs: [out]\n")
    path = locked(tmp_path, (start("sh", "-c", "echo; exec sleep 600"), "dvc repro release@x"))
    path.write_text(path.read_text().replace("models/x/best.json", str(tmp_path / "out")))
    ask = [sys.executable, "-m", "dvc", "status", "--json"]
    refused = subprocess.run(ask, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "is busy, it is being blocked by" in refused.stderr
    assert list(status([], tmp_path)) == ["slow"]
    running = subprocess.Popen([sys.executable, "-m", "dvc", "repro"], cwd=tmp_path, start_new_session=True)
    try:
        while not (found := holders(tmp_path)):
            assert running.poll() is None
            time.sleep(0.1)
        assert [holder.pid for holder in found] == [running.pid]
        free_stale(tmp_path)
        assert holders(tmp_path) == found
    finally:
        os.killpg(running.pid, 9)
        running.wait()
    free_stale(tmp_path)
    assert holders(tmp_path) == []
