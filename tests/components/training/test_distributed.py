"""Fits of two real processes on this machine, by gloo on the CPU, beside those of one."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from components.core.errors import CasebookError
from components.core.files import read_json
from components.core.job import Job
from components.core.params.overrides import override
from components.core.parts import Training
from components.core.recipe import recipe_of
from components.training.fit import RESULT, fit
from tests.components.training.step_toys import Seen as StepsSeen
from tests.components.training.step_toys import StepLearner, toy
from tests.components.training.test_steps import Stop, StopError

pytestmark = [pytest.mark.slow, pytest.mark.cluster]


class Seen(Callback):
    """The epochs that were run, and the rows of each process's steps."""

    def __init__(self) -> None:
        self.epochs: list[int] = []
        self.rows: list[int] = []

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        self.epochs.append(trainer.current_epoch)

    def on_train_batch_start(self, *values: Any) -> None:
        self.rows.append(len(values[2][0]))


@pytest.fixture
def training(prepared: Job) -> Training:
    return recipe_of(prepared).training


def with_params(job: Job, **values: object) -> Job:
    """Without dropout, which every process draws for itself."""
    chosen = {"fit.max_epochs": 4, "fit.batch_size": 64, "model.network.dropout": 0.0}
    chosen |= {f"fit.{name}": value for name, value in values.items()}
    return replace(job, params=override(job.params, chosen))


def children() -> list[psutil.Process]:
    found = psutil.Process().children(recursive=True)
    return [child for child in found if "components.training.helper" in child.cmdline()]


def test_two_processes_find_what_one_finds_with_the_same_whole_batch(
    prepared: Job, training: Training, tmp_path: Path
) -> None:
    alone, shared = Seen(), Seen()
    one, told = fit(with_params(prepared), training, state=tmp_path / "one", callbacks=[alone])
    job = with_params(prepared, devices=2, strategy="ddp")
    two, told_two = fit(job, training, state=tmp_path / "two", callbacks=[shared])
    assert len(shared.rows) == len(alone.rows)  # as many steps
    assert shared.rows == [rows // 2 for rows in alone.rows]  # of half as many rows in each process
    assert told_two.value == pytest.approx(told.value, abs=2e-3)
    assert (told_two.best_epoch, told_two.epochs) == (told.best_epoch, told.epochs)
    weights, others = one.state_dict(), two.state_dict()
    # They see the same rows in the same steps, and differ by rounding and by the row that cannot be halved.
    assert all(torch.allclose(weights[name], others[name], atol=0.02) for name in weights)
    again, told_again = fit(job, training, state=tmp_path / "again")
    assert told_again == told_two
    assert all(torch.equal(again.state_dict()[name], others[name]) for name in others)
    assert children() == []
    assert not torch.distributed.is_initialized()
    assert not {"RANK", "LOCAL_RANK", "WORLD_SIZE", "MASTER_PORT"} & os.environ.keys()


def test_a_helper_that_is_killed_ends_the_fit_which_goes_on_where_it_stopped(
    prepared: Job, training: Training, tmp_path: Path
) -> None:
    job = with_params(prepared, devices=2, strategy="ddp")
    _, told = fit(job, training, state=tmp_path / "whole")

    class KillHelper(Callback):
        def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
            if trainer.current_epoch == 2:
                for child in children():
                    child.kill()

    with pytest.raises(CasebookError, match=r"1 of 2 processes ended before the fit did, the first with exit code -9"):
        fit(job, training, state=tmp_path / "cut", callbacks=[KillHelper()])
    seen = Seen()
    _, told_again = fit(job, training, state=tmp_path / "cut", callbacks=[seen])
    assert seen.epochs == [2, 3]
    assert told_again == told


def test_an_error_of_the_first_process_leaves_no_helper(prepared: Job, training: Training, tmp_path: Path) -> None:
    class BreakError(Exception):
        pass

    class Break(Callback):
        def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
            raise BreakError

    with pytest.raises(BreakError):
        fit(with_params(prepared, devices=2), training, state=tmp_path, callbacks=[Break()])
    assert children() == []
    assert not (tmp_path / RESULT).exists()


def test_one_process_that_is_told_to_stop_stops_both(prepared: Job, training: Training, tmp_path: Path) -> None:
    class Stop(Callback):
        def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
            trainer.should_stop = trainer.current_epoch == 1

    _, told = fit(with_params(prepared, devices=2), training, state=tmp_path, callbacks=[Stop()])
    assert told.epochs == 2
    assert read_json(tmp_path / RESULT)["epochs"] == 2


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"devices": 3}, "fit.batch_size=64 is the whole batch of a step, which 3 processes"),
        ({"devices": 2, "strategy": "ddp_spawn"}, "fit.strategy='ddp_spawn' would copy this process"),
        ({"num_nodes": 2}, r"start the stage on each node with deploy/torchrun\.sh"),
    ],
)
def test_processes_that_cannot_be_had_are_one_message(
    prepared: Job, training: Training, tmp_path: Path, values: dict[str, object], expected: str
) -> None:
    with pytest.raises(CasebookError, match=expected):
        fit(with_params(prepared, **values), training, state=tmp_path)


def test_two_processes_count_the_same_steps_and_go_on_within_an_epoch(tmp_path: Path) -> None:
    values = {"validate_every": 2, "accumulate": 4, "max_steps": 8, "devices": 2, "strategy": "ddp"}
    job, toy_case = toy(StepLearner, **values)
    seen = StepsSeen(job.params.fit)
    whole, told = fit(job, toy_case, state=tmp_path / "whole", callbacks=[seen])
    # 40 rows in batches of 4 of both together: ten an epoch, of which four, four and two make a step.
    assert [step for step, _ in seen.told] == [2, 4, 6, 8]
    assert (told.stopped, told.steps, told.epochs) == ("steps", 8, 3)
    with pytest.raises(StopError):
        fit(job, toy_case, state=tmp_path / "cut", callbacks=[Stop(1, 5, "on_train_batch_end")])
    after = StepsSeen(job.params.fit)
    again, told_again = fit(job, toy_case, state=tmp_path / "cut", callbacks=[after])
    assert after.batches == seen.batches[14:]  # on from the fourth step
    assert told_again == told
    assert all(torch.equal(again.state_dict()[name], value) for name, value in whole.state_dict().items())
