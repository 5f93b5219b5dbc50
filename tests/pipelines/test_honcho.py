"""What supervises the Procfile leaves who serves the time to end what has begun."""

import os
import subprocess
import sys
from pathlib import Path

from tests.toy.jobs import CHECKOUT

SLOW = """
import pathlib, signal, sys, time
def end(*_):
    time.sleep(7)
    pathlib.Path("ended").touch()
    sys.exit()
signal.signal(signal.SIGTERM, end)
pathlib.Path("begun").touch()
time.sleep(60)
"""
SHORT = "until [ -e begun ]; do sleep 0.1; done"


def test_a_process_that_still_answers_is_not_killed_after_honchos_own_five_seconds(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    (tmp_path / "Procfile").write_text(f"short: {SHORT}\nslow: {sys.executable} slow.py\n")
    command = [sys.executable, "-m", "pipelines.servers.honcho", "--env", os.devnull, "start"]
    environment = os.environ | {"PYTHONPATH": str(CHECKOUT)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert (tmp_path / "ended").exists(), done.stdout
