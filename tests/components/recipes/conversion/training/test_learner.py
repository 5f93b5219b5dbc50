import os
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint

from components.recipes.conversion.training.data import Batch, SyllableData
from components.recipes.conversion.training.learner import SyllableLearner, parameter_groups
from components.training.fit import make_trainer
from tests.components.recipes.conversion.syllable_toys import ALL, fit_params, network, random_clauses, write_prepared

TRAIN, HELD_OUT = random_clauses(150), random_clauses(30, seed=1)
GRAMS = 900  # more than the toy language has


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_prepared(tmp_path_factory.mktemp("prepared"), TRAIN, HELD_OUT)


def learner(*, decay: float = 0.5, every: int = 2, **values: Any) -> SyllableLearner:
    params = fit_params(**{"lr": 0.005, "max_epochs": 2, "batch_size": 50, "accelerator": "cpu", **values})
    net = network(grams=GRAMS, dropout=0.1, attention_dropout=0.1, input_dropout=0.1, window_dropout=0.5, hidden=0.05)
    return SyllableLearner(net, params, betas=(0.9, 0.98), floor=0.02, table_rate=2.0, decay=decay, every=every)


def data(prepared: Path, model: SyllableLearner, **values: Any) -> SyllableData:
    return SyllableData(prepared, model.params, ALL, lexicon=False, **values)


def trainer_for(model: SyllableLearner, *callbacks: Callback) -> Trainer:
    # Without a checkpoint callback Lightning adds its own, which writes where the tests run.
    return make_trainer(model.params, None, [*callbacks, ModelCheckpoint(Path(os.devnull), save_top_k=0)])


def trained(prepared: Path, model: SyllableLearner, *callbacks: Callback, resume: Path | None = None) -> Trainer:
    trainer = trainer_for(model, *callbacks)
    trainer.fit(model, datamodule=data(prepared, model), ckpt_path=resume)
    return trainer


class Recorder(Callback):
    """Keeps the metrics of each epoch and the rates of each step."""

    def __init__(self) -> None:
        self.epochs: list[dict[str, float]] = []
        self.rates: list[list[float]] = []

    def on_train_batch_start(self, trainer: Trainer, *arguments: Any) -> None:  # noqa: ARG002
        self.rates.append([group["lr"] for group in trainer.optimizers[0].param_groups])

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        self.epochs.append({name: float(value) for name, value in trainer.callback_metrics.items()})


@pytest.mark.slow
def test_the_made_up_language_is_learned(prepared: Path) -> None:
    recorder = Recorder()
    trained(prepared, learner(max_epochs=25, lr=0.01), recorder)
    assert recorder.epochs[-1]["val/char_accuracy"] > 0.97
    assert recorder.epochs[-1]["train/loss"] < recorder.epochs[0]["train/loss"] - 0.5
    assert recorder.epochs[-1]["val/loss"] < 0.2


class KilledError(Exception):
    pass


class KillAt(Callback):
    """Leaves a checkpoint of the middle of an epoch, and dies."""

    def __init__(self, step: int, path: Path) -> None:
        self.step, self.path = step, path

    def on_train_batch_end(self, trainer: Trainer, *arguments: Any, **named: Any) -> None:  # noqa: ARG002
        if trainer.global_step == self.step:
            trainer.save_checkpoint(self.path)
            raise KilledError


def test_a_killed_run_ends_with_the_weights_of_an_undisturbed_one(prepared: Path, tmp_path: Path) -> None:
    undisturbed = learner()
    per_epoch = trained(prepared, undisturbed).global_step // 2
    with pytest.raises(KilledError):
        trained(prepared, learner(), KillAt(per_epoch + per_epoch // 2, tmp_path / "mid.ckpt"))
    resumed = learner()
    trained(prepared, resumed, resume=tmp_path / "mid.ckpt")
    for (name, ours), theirs in zip(undisturbed.state_dict().items(), resumed.state_dict().values(), strict=True):
        assert torch.equal(ours, theirs), name


def test_a_checkpoint_holds_the_weights_and_their_average(prepared: Path, tmp_path: Path) -> None:
    trained(prepared, learner(max_epochs=1)).save_checkpoint(tmp_path / "one.ckpt")
    state = torch.load(tmp_path / "one.ckpt", weights_only=True)["state_dict"]
    assert {name.split(".")[0] for name in state} == {"network", "averaged"}
    assert not torch.equal(state["network.bias"], state["averaged.module.bias"])


def some_batch(prepared: Path, model: SyllableLearner) -> Batch:
    module = data(prepared, model)
    module.trainer = trainer_for(model)
    return next(iter(module.train_dataloader()))


def test_the_average_follows_every_so_many_steps(prepared: Path) -> None:
    model = learner(decay=0.75, every=1000, max_epochs=3)
    seen: list[torch.Tensor] = []

    class Ends(Callback):
        def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
            seen.append(model.network.bias.detach().clone())

    trained(prepared, model, Ends())
    # Once at the end of each epoch: the first is taken as it is.
    expected = 0.75 * (0.75 * seen[0] + 0.25 * seen[1]) + 0.25 * seen[2]
    torch.testing.assert_close(model.served.bias, expected)
    plain = learner(decay=0.0, every=1)
    trained(prepared, plain)
    for ours, theirs in zip(plain.network.parameters(), plain.served.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_validation_counts_what_comes_first_and_averages_the_loss(tmp_path: Path) -> None:
    odd = write_prepared(tmp_path / "odd", TRAIN, [*HELD_OUT, ("一一", "ba ma")])  # characters that are no candidates
    model = learner().eval()
    trainer = trainer_for(model)
    module = data(odd, model)
    (logged,) = trainer.validate(model, datamodule=module, verbose=False)
    right, every, losses = 0, 0, []
    for batch in module.val_dataloader():
        asked = model.served(batch.syllables, batch.windows)
        for place in (batch.syllables > 0).nonzero().tolist():
            syllable, target = (int(one[tuple(place)]) for one in (batch.syllables, batch.target))
            pairs = [one for one in model.served.candidates[syllable].tolist() if one >= 0]
            scores = model.served.pair.weight[pairs] @ asked[tuple(place)] + model.served.bias[pairs]
            every += 1
            right += int(scores.argmax()) == target
            losses += [float(scores.logsumexp(0) - scores[target])] if target >= 0 else []
    assert every == sum(len(text) for text, _ in HELD_OUT) + 2
    assert len(losses) == every - 2
    assert logged["val/char_accuracy"] == pytest.approx(right / every, abs=1e-6)
    assert logged["val/loss"] == pytest.approx(sum(losses) / len(losses), rel=1e-4)


def test_the_rates_rise_to_their_heights_and_fall_to_the_floor(prepared: Path) -> None:
    recorder = Recorder()
    trained(prepared, learner(warmup_fraction=0.2), recorder)
    for rates, factor in zip(zip(*recorder.rates, strict=True), (1, 1, 1, 2), strict=True):
        highest, rates = 0.005 * factor, list(rates)  # noqa: PLW2901
        assert rates[0] == pytest.approx(0.02 * highest)
        assert max(rates) == pytest.approx(highest, rel=0.05)
        assert rates[-1] == pytest.approx(0.02 * highest, rel=0.05)
        top = rates.index(max(rates))
        assert rates[: top + 1] == sorted(rates[: top + 1])
        assert rates[top:] == sorted(rates[top:], reverse=True)


def test_only_matrices_decay_and_every_weight_has_one_group() -> None:
    net = network()
    groups = parameter_groups(net, fit_params(weight_decay=0.5, lr=0.1), 3.0)
    assert [group["weight_decay"] for group in groups] == [0.5, 0, 0, 0]
    assert [group["lr"] for group in groups] == pytest.approx([0.1, 0.1, 0.1, 0.3])
    assert groups[3]["params"] == [net.window.weight]
    assert all(weight.ndim > 1 for weight in groups[0]["params"])
    held = [id(weight) for group in groups for weight in group["params"]]
    assert sorted(held) == sorted(map(id, net.parameters()))


def test_half_precision_trains(prepared: Path) -> None:
    trainer = trained(prepared, learner(precision="bf16-mixed"))
    assert torch.isfinite(trainer.callback_metrics["train/loss"])
    assert torch.isfinite(trainer.callback_metrics["val/loss"])


def test_the_whole_data_trains_without_validation(prepared: Path) -> None:
    model = learner(max_epochs=1)
    trainer = trainer_for(model)
    trainer.fit(model, datamodule=data(prepared, model, whole=True))
    assert "train/loss" in trainer.callback_metrics
    assert "val/loss" not in trainer.callback_metrics
