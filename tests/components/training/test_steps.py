"""Fits that count steps, and fits of two optimizers: what ends them, and that a kill changes nothing."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from components.core.errors import CasebookError
from components.core.params.case import FitParams
from components.core.results import FitResult
from components.training.fit import LAST, RESULT, fit, resume_point
from tests.components.training.step_toys import BATCHES, Pair, Seen, StepLearner, ToyData, toy
from tests.toy.jobs import CHECKOUT, toy_params

# One process imports Lightning and forks: the child is killed as by `kill -9`, its brother goes on.
KILLED = """
import json, os, signal, sys
from dataclasses import asdict
from pathlib import Path
import torch
from lightning.pytorch import Callback
from components.training.fit import fit, resume_point
from tests.components.training import step_toys


class Kill(Callback):
    def on_train_batch_end(self, trainer, module, *batch):
        if [trainer.current_epoch, batch[-1]] == PLACE:
            os.kill(os.getpid(), signal.SIGKILL)


root = Path(sys.argv[1])
for name, learner, values, PLACE in json.loads(sys.argv[2]):
    for folder, callbacks in (("whole", []), ("cut", [Kill()]), ("cut", [])):
        child = os.fork()
        if child == 0:
            job, training = step_toys.toy(getattr(step_toys, learner), **values)
            at, state = resume_point(root / name / folder), root / name / folder
            fitted, result = fit(job, training, state=state, callbacks=callbacks)
            torch.save(fitted.state_dict(), root / f"{name}-{folder}.pt")
            (root / f"{name}-{folder}.json").write_text(json.dumps({"result": asdict(result), "from": at}))
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
BY_STEPS = {"validate_every": 2, "accumulate": 4, "max_steps": 8}
SCENARIOS = [
    ("pair", "Pair", {}, [1, 6]),
    ("pair_by_steps", "Pair", {"validate_every": 3, "max_steps": 25}, [1, 6]),
    ("steps", "StepLearner", BY_STEPS, [1, 9]),
    ("items", "StepLearner", {**BY_STEPS, "items": True}, [1, 9]),
]


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("killed")
    command = [sys.executable, "-c", KILLED, str(root), json.dumps(SCENARIOS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=CHECKOUT)
    assert done.stdout.split() == ["0", "-9", "0"] * len(SCENARIOS), done.stderr
    return root


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("pair", 1),  # the first epoch's end
        ("pair_by_steps", 15 + 1),  # killed in step 17, validated after step 15
        ("steps", 4 + 1),  # three steps an epoch: step 6 is the last of the second, killed before its validation
        ("items", 4 + 1),
    ],
)
def test_a_process_that_is_killed_in_an_epoch_ends_as_one_that_is_not(killed: Path, name: str, start: int) -> None:
    whole, cut = (torch.load(killed / f"{name}-{folder}.pt") for folder in ("whole", "cut"))
    assert all(torch.equal(whole[key], cut[key]) for key in whole)
    told, told_again = (json.loads((killed / f"{name}-{folder}.json").read_text()) for folder in ("whole", "cut"))
    assert told_again["result"] == told["result"]
    assert (told["from"], told_again["from"]) == (0, start)
    last, again = (torch.load(killed / name / folder / f"{LAST}.ckpt") for folder in ("whole", "cut"))
    assert again["lr_schedulers"] == last["lr_schedulers"]
    assert _bytes(again["optimizer_states"]) == _bytes(last["optimizer_states"])


def _bytes(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _bytes(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_bytes(one) for one in value]
    return value.numpy().tobytes() if isinstance(value, torch.Tensor) else value


class StopError(BaseException):
    pass


class Stop(Callback):
    """Ends the fit at a batch, or in the validation after it; nothing is saved any more."""

    def __init__(self, epoch: int, batch: int, hook: str) -> None:
        self.place = (epoch, batch)
        setattr(self, hook, self._stop)

    def _stop(self, trainer: Trainer, *_: Any) -> None:
        if (trainer.current_epoch, trainer.fit_loop.batch_idx) == self.place:
            raise StopError


# An epoch has ten batches, of which four make a step.
PLACES = [
    (0, 2, "on_train_batch_end", {1: 0, 2: 0}),
    (0, 4, "on_train_batch_end", {1: 4, 2: 0}),
    (0, 7, "on_validation_start", {1: 4, 2: 0}),
    (0, 8, "on_train_batch_end", {1: 8, 2: 8}),
    (0, 9, "on_train_epoch_end", {1: 8, 2: 8}),
    (1, 0, "on_train_batch_end", {1: 10, 2: 8}),
    (1, 9, "on_validation_start", {1: 18, 2: 14}),
    (2, 3, "on_train_batch_end", {1: 20, 2: 20}),
]


@pytest.mark.slow
@pytest.mark.parametrize("every", [1, 2])
def test_wherever_it_is_cut_off_it_goes_on_as_if_it_were_not(tmp_path: Path, every: int) -> None:
    job, training = toy(StepLearner, validate_every=every, accumulate=4, max_steps=8)
    seen = Seen(job.params.fit)
    whole, told = fit(job, training, state=tmp_path / "whole", callbacks=[seen])
    assert [step for step, _ in seen.told] == list(range(every, 8 + 1, every))
    for number, (*place, starts) in enumerate(PLACES):
        after, state = Seen(job.params.fit), tmp_path / str(number)
        with pytest.raises(StopError):
            fit(job, training, state=state, callbacks=[Stop(*place)])
        again, told_again = fit(job, training, state=state, callbacks=[after])
        assert told_again == told
        assert all(torch.equal(again.state_dict()[name], value) for name, value in whole.state_dict().items()), place
        assert after.batches == seen.batches[starts[every] :]
        assert after.told == seen.told[len(seen.told) - len(after.told) :]  # the curves, to the bit


@pytest.mark.parametrize(
    "values",
    [
        {"max_steps": 7, "validate_every": 2, "accumulate": 4},
        {"max_steps": 13},
        {"validate_every": 3, "patience": 2, "lr": 1e-30},
        {"max_minutes": 1e-6, "validate_every": 2},
        {"max_epochs": 1, "validate_every": 4},
    ],
)
def test_a_fit_that_had_ended_when_it_was_killed_stays_ended(tmp_path: Path, values: dict[str, Any]) -> None:
    fitted, told, _ = run(tmp_path, **values)
    (tmp_path / RESULT).unlink()
    again, told_again, seen = run(tmp_path, **values)
    assert seen.batches == []
    assert told_again == told
    assert all(torch.equal(again.state_dict()[name], value) for name, value in fitted.state_dict().items())


def params(**values: Any) -> FitParams:
    return toy_params("finance_risk", **{f"fit__{name}": value for name, value in values.items()}).fit


@pytest.mark.parametrize(
    ("accumulate", "batches", "steps"),
    [
        (1, 7, 7),
        (4, 3, 0),
        (4, 4, 1),
        (4, 9, 2),
        (4, 10, 3),  # the last step of an epoch has two batches
        (4, 13, 3),
        (4, 14, 4),
        (4, 20, 6),
        (16, 20, 2),  # an epoch is less than one step
    ],
)
def test_steps_of_batches_where_an_epoch_has_ten(accumulate: int, batches: int, steps: int) -> None:
    assert params(accumulate=accumulate).steps(batches, 10) == steps


def test_a_schedule_is_as_long_as_what_ends_the_fit_first() -> None:
    assert params(max_epochs=5, accumulate=4).planned_steps(10) == 5 * 3
    assert params(max_epochs=5, accumulate=4, max_steps=7).planned_steps(10) == 7
    assert params(max_epochs=5, max_steps=70).planned_steps(10) == 5 * 10


class Counted(StepLearner):
    """Counts the steps of its optimizer, and the batches that each was made of."""

    def __init__(self, params: FitParams) -> None:
        super().__init__(params)
        self.batches, self.made_of = 0, []

    def training_step(self, batch: Any, batch_idx: int) -> torch.Tensor:
        self.batches += 1
        return super().training_step(batch, batch_idx)

    def on_before_optimizer_step(self, optimizer: Any) -> None:  # noqa: ARG002
        self.made_of.append(self.batches)
        self.batches = 0


def run(tmp_path: Path, learner: type[LightningModule] = Counted, **values: Any) -> tuple[Any, FitResult, Seen]:
    job, training = toy(learner, **values)
    seen = Seen(job.params.fit)
    fitted, told = fit(job, training, state=tmp_path, callbacks=[seen])
    return fitted, told, seen


def test_steps_end_a_fit_and_each_is_of_the_batches_asked_for(tmp_path: Path) -> None:
    fitted, told, seen = run(tmp_path, accumulate=4, max_steps=7, validate_every=2)
    assert fitted.made_of == [4, 4, 2, 4, 4, 2, 4]
    assert [step for step, _ in seen.told] == [2, 4, 6, 7]
    assert (told.stopped, told.steps, told.epochs) == ("steps", 7, 3)
    last = torch.load(tmp_path / f"{LAST}.ckpt")
    assert last["lr_schedulers"][0]["_last_lr"] == [0.0]  # the schedule has just run out
    assert resume_point(tmp_path) == 7 + 1


def test_epochs_end_a_fit_with_a_validation_of_its_last_step(tmp_path: Path) -> None:
    fitted, told, seen = run(tmp_path, accumulate=4, max_epochs=1, validate_every=2)
    assert len(fitted.made_of) == 3
    assert [step for step, _ in seen.told] == [2, 3]
    assert (told.stopped, told.steps, told.epochs) == ("epochs", 3, 1)


def test_validations_may_be_further_apart_than_epochs(tmp_path: Path) -> None:
    _, told, seen = run(tmp_path, validate_every=15)
    assert [step for step, _ in seen.told] == [15, 3 * BATCHES]
    assert told.steps == 3 * BATCHES


def test_steps_end_a_fit_that_is_validated_by_epochs(tmp_path: Path) -> None:
    _, told, seen = run(tmp_path, max_steps=BATCHES + 3)
    assert [step for step, _ in seen.told] == [BATCHES, BATCHES + 3]
    assert (told.stopped, told.steps, told.epochs) == ("steps", BATCHES + 3, 2)
    assert resume_point(tmp_path) == 2


def test_patience_counts_validations(tmp_path: Path) -> None:
    # Nothing is learned: the first is the best, and two more are waited for.
    _, told, seen = run(tmp_path, validate_every=3, patience=2, lr=1e-30)
    assert [step for step, _ in seen.told] == [3, 6, 9]
    assert (told.stopped, told.steps, told.epochs, told.best_epoch) == ("patience", 9, 1, 0)


def test_minutes_that_end_before_the_first_step_are_told(tmp_path: Path) -> None:
    with pytest.raises(CasebookError, match=r"max_minutes: 1e-06 were over before the first step of 4 batch"):
        run(tmp_path, accumulate=4, max_minutes=1e-6)


def test_a_batch_is_a_step_of_both_optimizers(tmp_path: Path) -> None:
    _, told, seen = run(tmp_path, Pair, max_steps=BATCHES + 5, validate_every=5)
    assert [step for step, _ in seen.told] == [5, 10, 15]
    assert (told.stopped, told.steps, told.epochs) == ("steps", BATCHES + 5, 2)
    last = torch.load(tmp_path / f"{LAST}.ckpt")
    assert [one["state"][0]["step"] for one in last["optimizer_states"]] == [BATCHES + 5] * 2
    assert [one["last_epoch"] for one in last["lr_schedulers"]] == [BATCHES + 5] * 2


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (
            {"gradient_clip": 1.0},
            r"fit.gradient_clip is 1.0, but Pair steps its optimizers itself .* gradient_clip: null",
        ),
        ({"accumulate": 2}, r"fit.accumulate is 2, but Pair steps its optimizers itself .* say accumulate: 1"),
    ],
)
def test_what_a_learner_must_do_itself_is_one_message(tmp_path: Path, values: dict[str, Any], expected: str) -> None:
    with pytest.raises(CasebookError, match=expected):
        run(tmp_path, Pair, **values)


def test_a_learner_without_a_clip_is_not_clipped_and_one_with_it_is(tmp_path: Path) -> None:
    class Norms(StepLearner):
        norms: list[float] = []  # noqa: RUF012

        def optimizer_step(self, *arguments: Any, **named: Any) -> None:
            super().optimizer_step(*arguments, **named)
            self.norms.append(float(torch.cat([one.grad.ravel() for one in self.parameters()]).norm()))

    run(tmp_path / "free", Norms, max_steps=3)
    free, Norms.norms = Norms.norms, []
    run(tmp_path / "clipped", Norms, max_steps=3, gradient_clip=0.01)
    assert min(free) > 0.1
    assert Norms.norms == pytest.approx([0.01] * 3, rel=1e-3)


def test_a_loader_that_was_made_before_the_checkpoint_was_read_is_told(tmp_path: Path) -> None:
    class Early(StepLearner):
        def configure_optimizers(self) -> Any:
            assert self.trainer.estimated_stepping_batches
            return super().configure_optimizers()

    job, training = toy(Early, validate_every=2)
    with pytest.raises(StopError):
        fit(job, training, state=tmp_path, callbacks=[Stop(0, 4, "on_train_batch_end")])
    with pytest.raises(
        CasebookError, match=r"batch 5 of the epoch should follow, .* at 1: Early made it .*planned_steps"
    ):
        fit(job, training, state=tmp_path)


def test_steps_between_validations_need_something_to_validate_on(tmp_path: Path) -> None:
    job, training = toy(StepLearner, validate_every=2)

    class Whole(ToyData):
        def val_dataloader(self) -> Any:
            return []

    with pytest.raises(CasebookError, match="validate_every is 2, but the data have nothing held out"):
        fit(job, replace(training, data=lambda inner: Whole(inner.params.fit, items=False)), state=tmp_path)
