"""A `python` that dies at a chosen place: `fault.py -m pipelines.stages STAGE CASE`.

The tests put it first on PATH, so the real `dvc repro` runs the real stage, and the real kill falls
where it hurts. FAULT_AT is `STAGE MODULE:NAME before|after`; at the FAULT_CALL-th call of that
function FAULT_VICTIM gets SIGKILL: `group` (dvc, its shell and the stage), `stage` (alone), `dvc`
(and its shell: the stage lives on, an orphan) or `none` (it only waits to be killed).
"""

import functools
import importlib
import os
import runpy
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

WAIT_SECONDS = 60


def main() -> None:
    arguments = sys.argv[1:]
    sys.path[0] = os.getcwd()  # as `python -m` has it
    stage, place, when = os.environ["FAULT_AT"].split()
    if arguments[:3] == ["-m", "pipelines.stages", stage]:
        plant(place, when)
    sys.argv = arguments[1:]
    runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)


def plant(place: str, when: str) -> None:
    module_name, dotted = place.split(":")
    *owners, name = dotted.split(".")
    owner: Any = importlib.import_module(module_name)
    for part in owners:
        owner = getattr(owner, part)
    whole: Callable[..., Any] = getattr(owner, name)
    calls = 0

    @functools.wraps(whole)
    def struck(*values: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        due = calls == int(os.environ["FAULT_CALL"])
        if due and when == "before":
            strike()
        answer = whole(*values, **named)
        if due and when == "after":
            strike()
        return answer

    setattr(owner, name, struck)


def strike() -> None:
    Path(os.environ["FAULT_MARK"]).write_text(str(os.getpid()), encoding="utf-8")
    victim = os.environ["FAULT_VICTIM"]
    if victim == "group":
        os.killpg(os.getpgid(0), signal.SIGKILL)
    elif victim == "stage":
        os.kill(os.getpid(), signal.SIGKILL)
    elif victim == "dvc":
        for parent in psutil.Process().parents():
            if os.getsid(parent.pid) == os.getsid(0):
                parent.kill()
        time.sleep(4)  # long enough for the next `dvc repro` to meet this process at work
    else:
        time.sleep(WAIT_SECONDS)


if __name__ == "__main__":
    main()
