"""A `python` that dies at a chosen place: `fault.py -m pipelines.stages STAGE CASE`.

The tests put it first on PATH, so the real `dvc repro` runs the real stage, and the real kill falls
where it hurts. FAULT_AT is `STAGE MODULE:NAME before|after`; at the FAULT_CALL-th call of that
function FAULT_VICTIM gets SIGKILL: `group` (dvc, its shell and the stage), `stage` (alone), `dvc`
(and its shell: the stage lives on, an orphan) or `none`; a stage that lives waits until
FAULT_MARK is removed. FAULT_EPOCHS
gets a line for each epoch that was trained to its end.

In a run with a helper the fault strikes in the fork, and `group` is that of the process which stands for it; two more
victims are `stand-in`, that process alone, and `helper`. A stage that is not forked gets no fault.
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

WAIT_SECONDS = 300


def main() -> None:
    arguments = sys.argv[1:]
    sys.path[0] = str(Path.cwd())  # as `python -m` has it
    stage, place, when = os.environ["FAULT_AT"].split()
    if arguments[:2] == ["-m", "pipelines.stages"] and os.environ.get("CASEBOOK_WARM"):
        stand_in().write_text(str(os.getpid()), encoding="utf-8")
        stage = "none"
    elif arguments[2:] and arguments[2] in ("search", "fit", "compress"):
        count_epochs(arguments[2])
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


def count_epochs(stage: str) -> None:
    from components.recipes.binary.training.learner import BinaryLearner

    whole = BinaryLearner.on_validation_epoch_end

    def counted(learner: BinaryLearner) -> None:
        whole(learner)
        with Path(os.environ["FAULT_EPOCHS"]).open("a", encoding="utf-8") as file:
            file.write(f"{stage} {learner.trainer.current_epoch}\n")

    BinaryLearner.on_validation_epoch_end = counted  # type: ignore[method-assign]


def stand_in() -> Path:
    """A file with the id of the process that stands for a fork."""
    return Path(os.environ["FAULT_MARK"]).with_name("stand-in")


def strike() -> None:
    Path(os.environ["FAULT_MARK"]).write_text(str(os.getpid()), encoding="utf-8")
    victim = os.environ["FAULT_VICTIM"]
    standing = int(stand_in().read_text(encoding="utf-8")) if stand_in().exists() else os.getpid()
    if victim == "group":
        os.killpg(os.getpgid(standing), signal.SIGKILL)
    elif victim == "stand-in":
        os.kill(standing, signal.SIGKILL)
    elif victim == "helper":
        os.kill(os.getppid(), signal.SIGKILL)
    elif victim == "stage":
        os.kill(os.getpid(), signal.SIGKILL)
    elif victim == "dvc":
        # dvc before its shell: one that sees its shell die rewrites .dvc/tmp/rwlock, and would be killed at it
        for parent in reversed(psutil.Process().parents()):
            if os.getsid(parent.pid) == os.getsid(0):
                parent.kill()
    deadline = time.monotonic() + WAIT_SECONDS
    while Path(os.environ["FAULT_MARK"]).exists() and time.monotonic() < deadline:
        time.sleep(0.05)


if __name__ == "__main__":
    main()
