import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from components.core.errors import CasebookError, DivergedError
from components.core.files import read_json, write_json
from components.core.job import Job
from components.core.params.overrides import override
from components.core.parts import Training
from components.core.recipe import recipe_of
from components.core.results import FitResult
from components.training.fit import BEST, LAST, RESULT, build, fit, forget, resume_point

pytestmark = pytest.mark.slow


class KilledError(BaseException):
    pass


class Kill(Callback):
    """Ends the fit in the middle of an epoch, as a kill would: nothing is saved any more."""

    def __init__(self, epoch: int, batch: int) -> None:
        self.place = (epoch, batch)

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *rest: object) -> None:  # noqa: ARG002
        if (trainer.current_epoch, rest[-1]) == self.place:
            raise KilledError


class Seen(Callback):
    """The epochs that were run."""

    def __init__(self) -> None:
        self.epochs: list[int] = []

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        self.epochs.append(trainer.current_epoch)


@pytest.fixture
def training(prepared: Job) -> Training:
    return recipe_of(prepared).training


def with_params(job: Job, **values: object) -> Job:
    """By default three epochs with much dropout: a resumed draw that differs would show."""
    chosen = {"fit.max_epochs": 3, "model.network.dropout": 0.3}
    chosen |= {f"fit.{name}": value for name, value in values.items()}
    return replace(job, params=override(job.params, chosen))


def same(first: LightningModule, second: LightningModule) -> bool:
    one, other = first.state_dict(), second.state_dict()
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_the_same_seed_gives_the_same_bits_and_another_one_others(
    prepared: Job, training: Training, tmp_path: Path
) -> None:
    first, told = fit(with_params(prepared), training, state=tmp_path / "a")
    torch.manual_seed(99)  # what the process drew before does not matter
    again, told_again = fit(with_params(prepared), training, state=tmp_path / "b")
    other, _ = fit(with_params(prepared, seed=1), training, state=tmp_path / "c")
    assert same(first, again)
    assert told == told_again
    assert not same(first, other)
    assert not first.training


@pytest.mark.parametrize("place", [(0, 3), (1, 2), (2, 4)])
def test_a_killed_fit_ends_with_the_weights_of_an_undisturbed_one(
    prepared: Job, training: Training, tmp_path: Path, place: tuple[int, int]
) -> None:
    job = with_params(prepared)
    whole, told = fit(job, training, state=tmp_path / "whole")
    with pytest.raises(KilledError):
        fit(job, training, state=tmp_path / "cut", callbacks=[Kill(*place)])
    assert resume_point(tmp_path / "cut") == place[0]
    seen = Seen()
    resumed, told_again = fit(job, training, state=tmp_path / "cut", callbacks=[seen])
    assert seen.epochs == list(range(place[0], 3))
    assert told_again == told
    assert same(resumed, whole)


def test_a_fit_that_ended_is_not_repeated(prepared: Job, training: Training, tmp_path: Path) -> None:
    job, seen = with_params(prepared), Seen()
    first, told = fit(job, training, state=tmp_path, callbacks=[seen])
    again, told_again = fit(job, training, state=tmp_path, callbacks=[seen])
    assert seen.epochs == [0, 1, 2]
    assert same(first, again)
    assert told == told_again == FitResult(**read_json(tmp_path / RESULT))
    assert resume_point(tmp_path) == 3
    forget(tmp_path)
    assert resume_point(tmp_path) == 0
    assert not tmp_path.exists()


@pytest.mark.parametrize("values", [{}, {"lr": 1e-30, "patience": 1}])
def test_a_kill_between_the_last_epoch_and_the_result_changes_nothing(
    prepared: Job, training: Training, tmp_path: Path, values: dict[str, float]
) -> None:
    job = with_params(prepared, **values)
    first, told = fit(job, training, state=tmp_path)
    (tmp_path / RESULT).unlink()
    seen = Seen()
    again, told_again = fit(job, training, state=tmp_path, callbacks=[seen])
    assert seen.epochs == []
    assert told_again == told
    assert same(first, again)


def test_the_best_epoch_is_kept_and_not_the_last(prepared: Job, training: Training, tmp_path: Path) -> None:
    class Spoil(Callback):
        """Makes the last epoch's weights useless."""

        def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
            if trainer.current_epoch == 1:
                with torch.no_grad():
                    for parameter in pl_module.network.members.output.parameters():
                        parameter.fill_(50.0)

    learner, told = fit(with_params(prepared), training, state=tmp_path, callbacks=[Spoil()])
    best, last = (torch.load(tmp_path / f"{name}.ckpt", weights_only=True) for name in (BEST, LAST))
    assert (told.monitor, told.best_epoch, told.epochs, told.stopped) == ("val/loss", 1, 3, "epochs")
    assert (best["epoch"], last["epoch"]) == (1, 2)
    state = learner.state_dict()
    assert all(torch.equal(best["state_dict"][name], state[name]) for name in state)
    assert resume_point(tmp_path) == 3


def test_epochs_since_the_best_one_are_not_repeated_after_a_kill(
    prepared: Job, training: Training, tmp_path: Path
) -> None:
    job, seen = with_params(prepared, lr=1e-30), Seen()  # nothing is learned: the first epoch stays the best
    with pytest.raises(KilledError):
        fit(job, training, state=tmp_path, callbacks=[Kill(2, 0)])
    _, told = fit(job, training, state=tmp_path, callbacks=[seen])
    assert (seen.epochs, told.best_epoch) == ([2], 0)


def test_patience_ends_a_fit_that_gets_no_better(prepared: Job, training: Training, tmp_path: Path) -> None:
    _, told = fit(with_params(prepared, lr=1e-30, patience=1), training, state=tmp_path)
    assert (told.stopped, told.best_epoch, told.epochs, told.cut) == ("patience", 0, 2, "")


def test_minutes_end_a_fit_with_what_it_has_and_are_told(
    prepared: Job, training: Training, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    learner, told = fit(with_params(prepared, max_minutes=1e-6, max_epochs=50), training, state=tmp_path)
    assert (told.stopped, told.epochs, told.max_epochs) == ("minutes", 1, 50)
    assert 0 < told.steps < told.planned
    assert told.cut == f"in epoch 1 of 50, after {told.steps} of {told.planned:,} steps"
    assert f"fit.max_minutes: the 1e-06 minutes were over {told.cut}" in caplog.text
    assert all(torch.isfinite(value).all() for value in learner.state_dict().values())


def test_a_fit_that_never_was_finite_says_what_to_lower(prepared: Job, training: Training, tmp_path: Path) -> None:
    with pytest.raises(DivergedError, match=r"val/loss was never a finite number .* lower cases.*fit\.lr"):
        fit(with_params(prepared, lr=1e38), training, state=tmp_path)
    assert not (tmp_path / RESULT).exists()


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has the GPU that is to be missing")
def test_a_gpu_that_is_not_there_is_named(prepared: Job, training: Training, tmp_path: Path) -> None:
    with pytest.raises(CasebookError, match="accelerator='gpu', devices=1"):
        fit(with_params(prepared, accelerator="gpu"), training, state=tmp_path)


def test_a_strategy_that_is_none_is_named(prepared: Job, training: Training, tmp_path: Path) -> None:
    with pytest.raises(CasebookError, match="strategy='ddpp'"):
        fit(with_params(prepared, strategy="ddpp"), training, state=tmp_path)


def test_building_leaves_the_global_generator_as_it_was(prepared: Job, training: Training) -> None:
    torch.manual_seed(3)
    expected = torch.rand(1).item()
    torch.manual_seed(3)
    build(prepared, training)
    assert torch.rand(1).item() == expected


def test_a_checkpoint_holds_nothing_that_needs_pickle(prepared: Job, training: Training, tmp_path: Path) -> None:
    fit(with_params(prepared, max_epochs=1), training, state=tmp_path)
    script = (
        "import sys, torch; sys.meta_path.insert(0, type('Closed', (), {'find_spec': staticmethod(lambda name, *_: "
        "sys.exit(name) if name.split('.')[0] in ('components', 'lightning') else None)})); "
        "print(*[sorted(torch.load(path, weights_only=True)['state_dict'])[0] for path in sys.argv[1:]])"
    )
    files = [str(tmp_path / f"{name}.ckpt") for name in (BEST, LAST)]
    done = subprocess.run([sys.executable, "-c", script, *files], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [name.split(".")[0] for name in done.stdout.split()] == ["network", "network"]


def test_a_result_that_is_given_is_believed(prepared: Job, training: Training, tmp_path: Path) -> None:
    _, told = fit(with_params(prepared, max_epochs=1), training, state=tmp_path)
    write_json(tmp_path / RESULT, read_json(tmp_path / RESULT) | {"value": 0.25})
    assert fit(with_params(prepared, max_epochs=1), training, state=tmp_path)[1] == replace(told, value=0.25)


@pytest.mark.parametrize(
    ("name", "ended", "how"),
    [
        (f"{LAST}.ckpt", False, "cut"),
        (f"{BEST}.ckpt", False, "removed"),
        (f"{BEST}.ckpt", True, "a byte"),
        (RESULT, True, "cut"),
    ],
)
def test_a_fit_with_a_damaged_state_starts_anew_and_ends_with_the_same_weights(
    prepared: Job, training: Training, tmp_path: Path, name: str, ended: bool, how: str
) -> None:
    job = with_params(prepared)
    if not ended:
        with pytest.raises(KilledError):
            fit(job, training, state=tmp_path / "cut", callbacks=[Kill(1, 2)])
    whole, told = fit(job, training, state=tmp_path / ("cut" if ended else "whole"))
    path = tmp_path / "cut" / name
    content = path.read_bytes()
    middle = len(content) // 2
    changed = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
    path.write_bytes(changed if how == "a byte" else content[:middle])
    if how == "removed":
        path.unlink()
    seen = Seen()
    again, told_again = fit(job, training, state=tmp_path / "cut", callbacks=[seen])
    assert seen.epochs == [0, 1, 2]
    assert told_again == told
    assert same(again, whole)
