import logging
from types import SimpleNamespace

import pytest
import torch

from components.training import progress
from components.training.progress import ProgressLog, StepLog
from components.training.steps import Steps
from tests.toy.jobs import toy_params


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


def lines(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, *, first: int, epochs: int, seconds: float
) -> list[str]:
    """What is said of epochs of `seconds` each, the first of them `first`."""
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    caplog.set_level(logging.INFO, progress.__name__)
    trainer = SimpleNamespace(current_epoch=first, callback_metrics={"val/loss": torch.tensor(0.5)})
    said = ProgressLog(epochs, every_seconds=5.0)
    clock.now += 50  # before training starts: loading, compiling
    said.on_train_start(trainer, None)
    for epoch in range(first, epochs):
        clock.now += seconds
        trainer.current_epoch = epoch
        said.on_train_epoch_end(trainer, None)
    return caplog.messages


def test_quick_epochs_get_a_line_every_few_seconds(caplog, monkeypatch):
    said = lines(caplog, monkeypatch, first=0, epochs=8, seconds=2.0)
    # After 6 and 12 of 16 seconds, and at the end.
    assert said == [
        f"epoch 3/8  val/loss 0.5000  at most {2 * 5} s left",
        f"epoch 6/8  val/loss 0.5000  at most {2 * 2} s left",
        "epoch 8/8  val/loss 0.5000  at most 0 s left",
    ]


def test_the_time_left_of_a_resumed_fit_counts_its_own_epochs(caplog, monkeypatch):
    said = lines(caplog, monkeypatch, first=6, epochs=8, seconds=10.0)
    assert said == [
        f"epoch 7/8  val/loss 0.5000  at most {10 * 1} s left",
        "epoch 8/8  val/loss 0.5000  at most 0 s left",
    ]


def test_steps_are_said_every_few_seconds_whatever_an_epoch_takes(caplog, monkeypatch):
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    caplog.set_level(logging.INFO, progress.__name__)
    trainer = SimpleNamespace(callback_metrics={"val/loss": torch.tensor(0.5)})
    steps = Steps(toy_params("finance_risk", fit__validate_every=2).fit)
    steps.done, steps.planned = 10, 20  # a resumed fit
    said = StepLog(steps, every_seconds=5.0)
    clock.now += 50  # before training starts: loading, compiling
    said.on_train_start(trainer, None)
    for step in range(11, 21):
        clock.now += 2.0
        steps.done = step
        said.on_train_batch_end(trainer, None)
    said.on_train_end(trainer, None)
    assert caplog.messages == [
        f"step 13/20  val/loss 0.5000  at most {2 * 7} s left",
        f"step 16/20  val/loss 0.5000  at most {2 * 4} s left",
        f"step 19/20  val/loss 0.5000  at most {2 * 1} s left",
        "step 20/20  val/loss 0.5000  at most 0 s left",
    ]
