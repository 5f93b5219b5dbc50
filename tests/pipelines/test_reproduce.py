"""Two reproductions at once, and processes that outlive their parent."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from pipelines import reproduce

REPRODUCE = """
import logging, sys
from pathlib import Path
from pipelines.reproduce import reproduce
logging.basicConfig(stream=sys.stderr, format="%(message)s")
sys.exit(reproduce(sys.argv[1:], Path.cwd()))
"""


def parent_and_child(ignore: str = "") -> tuple[subprocess.Popen[str], int]:
    code = (
        f"import signal, subprocess, sys, time; {ignore}\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(child.pid, flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE  # until init has read its code
    except psutil.NoSuchProcess:
        return True


def test_end_group_ends_the_children_too() -> None:
    process, child = parent_and_child()
    reproduce.end_group(process)
    assert process.returncode == -signal.SIGTERM
    assert gone(child)


def test_end_group_kills_what_does_not_listen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reproduce, "GRACE_SECONDS", 0.3)
    process, child = parent_and_child("signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    reproduce.end_group(process)
    assert process.returncode == -signal.SIGKILL
    assert gone(child)


def test_end_group_of_an_ended_process_is_nothing() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""], text=True, start_new_session=True)
    process.wait()
    reproduce.end_group(process)
    assert process.returncode == 0


def test_a_refusal_as_busy_is_waited_out_and_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """A `dvc` in the place of the real one: busy twice, then done with what it says."""
    (tmp_path / "dvc.py").write_text(
        "import pathlib, sys\n"
        "tries = pathlib.Path('tries')\n"
        "tries.write_text(tries.read_text() + '.' if tries.exists() else '.')\n"
        "if len(tries.read_text()) < 3:\n"
        "    sys.exit(\"ERROR: 'models' is busy, it is being blocked by:\\n  (PID 7): dvc repro\")\n"
        "print('a warning', file=sys.stderr); sys.exit(5)\n"
    )
    monkeypatch.setattr(reproduce, "WAIT_SECONDS", 0.05)
    assert reproduce.reproduce(["fit@toy"], tmp_path, single=True) == 5
    assert (tmp_path / "tries").read_text() == "..."
    assert [record.message for record in caplog.records] == [
        "another dvc repro is running fit@toy; waiting for it to end"
    ]
    assert capfd.readouterr().err == "a warning\n"


def test_all_that_is_said_is_told_line_by_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A `dvc` in the place of the real one, which says three things in two places."""
    (tmp_path / "dvc.py").write_text(
        "import sys\n"
        "print('Running stage', flush=True); print('epoch 1/2', file=sys.stderr, flush=True)\n"
        "print('done \\u00e9', flush=True)\n",
        encoding="utf-8",
    )
    told: list[str] = []
    assert reproduce.reproduce(["fit@toy"], tmp_path, tell=told.append, variables={"PYTHONIOENCODING": "utf-8"}) == 0
    assert told == ["Running stage", "epoch 1/2", "done é"]
    assert capfd.readouterr() == ("", "")


def test_sigterm_to_who_reproduces_ends_the_group_and_gives_143(tmp_path: Path) -> None:
    (tmp_path / "dvc.py").write_text(
        "import os, pathlib, time\npathlib.Path('pid').write_text(str(os.getpid())); time.sleep(60)\n"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(reproduce.__file__).parents[1])}
    process = subprocess.Popen([sys.executable, "-c", REPRODUCE, "fit@toy"], cwd=tmp_path, env=environment)
    deadline = time.monotonic() + 30
    while not (pid := tmp_path / "pid").exists() or not pid.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.terminate()
    assert process.wait(30) == 143
    assert gone(int(pid.read_text()))


@pytest.mark.slow
def test_two_at_once_do_the_work_once(finished: Any) -> None:
    finished.append("components/evaluation/scores.py", "\nEDITED = True\n")
    both = [finished.start("python", "-c", REPRODUCE, "release@toy") for _ in range(2)]
    ended = [one.wait() for one in both]
    assert [one.code for one in ended] == [0, 0], ended
    said = [one.said for one in ended]
    waited = "another dvc repro is running release@toy; waiting for it to end"
    assert any(waited in text for text in said), said  # which of them, or both in turn, is chance
    together = "".join(said)
    assert [together.count(f"Running stage '{stage}@toy'") for stage in ("evaluate", "release")] == [1, 1], said
    assert finished.rows("select name from runs where status = 'RUNNING'") == []


@pytest.mark.slow
def test_a_stage_whose_dvc_was_killed_is_not_doubled(finished: Any, wait_until: Callable[..., None]) -> None:
    before = finished.digests("models/toy/fitted")
    finished.append("components/kits/tables/tabm.py", "\nEDITED = True\n")
    finished.resolve()
    place = "fit components.recipes.binary.training.learner:BinaryLearner.validation_step before"
    killed = finished.start("dvc", "repro", "-s", "fit@toy", **finished.fault(place, "dvc", call=2))
    assert killed.wait().code == -signal.SIGKILL
    orphan = int((finished.root / "state" / "toy" / "fit.lock").read_text())
    assert not gone(orphan)
    second = finished.start("dvc", "repro", "-s", "fit@toy", **finished.fault("none nowhere:at before"))
    said = f"fit@toy: process {orphan} is at it; waiting for it to end"
    wait_until(lambda: said in second.said or second.process.poll() is not None, said)
    assert said in second.said, second.said
    assert finished.struck()  # and the orphan goes on
    ended = second.wait()
    assert ended.code == 0, ended.said
    epochs = (finished.root.parent / "epochs").read_text().split("\n")[:-1]
    assert epochs == [f"fit {epoch}" for epoch in range(4)]
    assert finished.digests("models/toy/fitted") == before
    assert finished.runs("fit") == [("toy v1", "FINISHED"), ("toy", "FINISHED")]
