"""Several processes of `casebook serve`, and the one of `make up`: how they begin, and how they end."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import psutil
import pytest

from tests.pipelines.serving import serving, spawned, until

pytestmark = pytest.mark.slow
KEPT_UP = "from pipelines.servers.champions import keep_up; import sys; sys.exit(keep_up(sys.argv[1:], 0.1))"
# Ends by itself twice, and then waits for a signal.
ENDING = """
import pathlib, signal, sys, time
path = pathlib.Path(sys.argv[1])
count = len(path.read_text()) if path.exists() else 0
path.write_text("x" * (count + 1))
if count < 2:
    sys.exit(3)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
pathlib.Path(sys.argv[1] + ".waits").touch()
time.sleep(60)
"""


def test_workers_end_with_a_parent_that_was_killed(finished):
    with serving(finished, "--workers", "2") as (started, address):
        workers = spawned(started.process.pid)
        assert len(workers) == 2
        assert httpx.get(f"{address}/v2/health/live").status_code == 200
        os.kill(started.process.pid, signal.SIGKILL)
        _, left = psutil.wait_procs(workers, timeout=40)
        assert left == []


def test_workers_whose_champion_does_not_open_all_end_with_what_is_wrong(finished):
    for graph in finished.root.glob("mlartifacts/**/artifacts/bundle/*.onnx"):
        graph.write_bytes(b"broken")
    started = finished.start("python", "-m", "pipelines.cli", "serve", "toy", "--port", "0", "--workers", "2")
    ended = started.wait(120)
    assert (ended.code, "Traceback" in ended.said, "toy" in ended.said) == (1, False, True), ended.said


def test_what_ends_by_itself_is_started_anew_until_it_is_told_to_end(tmp_path: Path):
    noted = tmp_path / "noted"
    command = [sys.executable, "-c", KEPT_UP, sys.executable, "-c", ENDING, str(noted)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        until((tmp_path / "noted.waits").exists, "the third of them", 60)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        process.kill()
    assert noted.read_text() == "xxx"
