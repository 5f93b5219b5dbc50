import math
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint

from components.recipes.next_item.training.data import Batch, SequenceData
from components.recipes.next_item.training.learner import NextItemLearner
from components.recipes.next_item.training.objectives import GBCE, FullSoftmax, Sampled, SampledSoftmax, met_before
from components.training.fit import make_trainer
from tests.components.recipes.next_item.sequence_toys import (
    ITEMS,
    TOKENS,
    fit_params,
    network,
    random_users,
    write_prepared,
)

USERS = random_users(30, 12)
COUNTS = torch.arange(ITEMS)
OBJECTIVES = {
    "full": FullSoftmax,
    "sampled": lambda: SampledSoftmax(COUNTS, negatives=6, power=0.5),
    "gbce": lambda: GBCE(COUNTS, negatives=6, calibration=0.75),
}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_prepared(tmp_path_factory.mktemp("prepared"), USERS)


def learner(objective: FullSoftmax | Sampled | None = None, **values: Any) -> NextItemLearner:
    params = fit_params(**{"lr": 0.01, "max_epochs": 2, "batch_size": 4, "accelerator": "cpu", **values})
    net = network(dropout=0.1, attention_dropout=0.1, input_dropout=0.1, window=6)
    return NextItemLearner(net, params, objective=objective or FullSoftmax(), decay=0.5, betas=(0.9, 0.98), floor=0.02)


def data(prepared: Path, model: NextItemLearner, **values: Any) -> SequenceData:
    return SequenceData(prepared, model.params, TOKENS, window=6, next_items=2, **values)


def trainer_for(model: NextItemLearner, *callbacks: Callback) -> Trainer:
    # Without a checkpoint callback Lightning adds its own, which writes where the tests run.
    return make_trainer(model.params, None, [*callbacks, ModelCheckpoint(Path(os.devnull), save_top_k=0)])


def trained(prepared: Path, model: NextItemLearner, *callbacks: Callback, resume: Path | None = None) -> Trainer:
    trainer = trainer_for(model, *callbacks)
    trainer.fit(model, datamodule=data(prepared, model), ckpt_path=resume)
    return trainer


def some_batch(prepared: Path, model: NextItemLearner) -> Batch:
    module = data(prepared, model)
    module.trainer = trainer_for(model)
    return next(iter(module.train_dataloader()))


@pytest.mark.parametrize("kind", OBJECTIVES)
def test_training_lowers_the_loss(prepared: Path, kind: str) -> None:
    losses: list[float] = []

    class Recorder(Callback):
        def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
            losses.append(trainer.callback_metrics["train/loss"].item())

    trainer = trained(prepared, learner(OBJECTIVES[kind](), max_epochs=5), Recorder())
    assert losses[-1] < losses[0] - 0.05
    assert {"val/loss", "val/ndcg@10", "val/hr@10"} <= set(trainer.callback_metrics)


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


@pytest.mark.parametrize("kind", OBJECTIVES)
def test_a_killed_run_ends_with_the_weights_of_an_undisturbed_one(prepared: Path, kind: str, tmp_path: Path) -> None:
    undisturbed = learner(OBJECTIVES[kind]())
    steps = trained(prepared, undisturbed).global_step
    per_epoch = steps // 2
    killed = learner(OBJECTIVES[kind]())
    with pytest.raises(KilledError):
        trained(prepared, killed, KillAt(per_epoch + per_epoch // 2, tmp_path / "mid.ckpt"))
    resumed = learner(OBJECTIVES[kind]())
    trained(prepared, resumed, resume=tmp_path / "mid.ckpt")
    for (name, ours), theirs in zip(undisturbed.state_dict().items(), resumed.state_dict().values(), strict=True):
        assert torch.equal(ours, theirs), name


def test_a_checkpoint_holds_nothing_but_the_network(prepared: Path, tmp_path: Path) -> None:
    trained(prepared, learner(OBJECTIVES["sampled"](), max_epochs=1)).save_checkpoint(tmp_path / "one.ckpt")
    state = torch.load(tmp_path / "one.ckpt", weights_only=True)["state_dict"]
    assert all(name.startswith("network.") for name in state)


def test_validation_ranks_the_held_out_item_among_unseen_ones(prepared: Path) -> None:
    model = learner().eval()
    trainer = trainer_for(model)
    (logged,) = trainer.validate(model, datamodule=data(prepared, model), verbose=False)
    module = data(prepared, model)
    module.trainer = trainer
    scores = model.network.item_vectors() @ torch.eye(8)
    losses, gains, hits = [], [], []
    for batch in module.val_dataloader():
        vectors = model.network.item_vectors()
        queries = model.network(vectors[batch.item], batch.features, batch.times, batch.user, batch.valid)[:, -1]
        for row, query in enumerate(queries):
            met = set(batch.met_item[batch.met_row == row].tolist())
            score = {item: (scores[item] @ query + model.network.bias[item]).item() for item in range(ITEMS)}
            target = int(batch.target[row])
            unseen = [item for item in range(ITEMS) if item not in met]
            rank = 1 + sum(score[item] >= score[target] for item in unseen if item != target)
            losses.append(math.log(sum(math.exp(score[item]) for item in unseen)) - score[target])
            hits.append(float(rank <= 10))
            gains.append(1 / math.log2(rank + 1) if rank <= 10 else 0.0)
    assert logged["val/loss"] == pytest.approx(sum(losses) / len(USERS), rel=1e-4)
    assert logged["val/ndcg@10"] == pytest.approx(sum(gains) / len(USERS), rel=1e-4)
    assert logged["val/hr@10"] == pytest.approx(sum(hits) / len(USERS), rel=1e-4)


def test_an_item_that_was_had_is_missed_where_seen_ones_are_no_answer(tmp_path: Path) -> None:
    found = {}
    for repeats in ("exclude", "recommend"):
        folder = write_prepared(tmp_path / repeats, [[1, 2, 3, 1], [4, 5, 6, 5]], repeats=repeats)
        model = learner().eval()
        with torch.no_grad():
            model.network.bias[:] = torch.where(torch.arange(ITEMS) < 7, 100.0, 0.0)  # 7 of 12 before all others
        (logged,) = trainer_for(model).validate(model, datamodule=data(folder, model), verbose=False)
        found[repeats] = logged["val/hr@10"]
    assert found == {"exclude": 0.0, "recommend": 1.0}


@pytest.mark.parametrize("kind", OBJECTIVES)
def test_an_item_met_again_is_a_target_where_it_may_be_recommended(tmp_path: Path, kind: str) -> None:
    """Who has one item alone, again and again: the loss is of learning it, or of learning nothing."""
    weights = []
    for repeats in ("recommend", "exclude"):
        folder = write_prepared(tmp_path / repeats, [[3] * 6, [7] * 6], repeats=repeats)
        model = learner(OBJECTIVES[kind](), max_epochs=30)
        before = model.network.bias.detach().clone()
        trained(folder, model)
        weights.append((model.network.bias.detach() - before)[[3, 7]].abs().sum().item())
    assert weights[0] > 0.01
    assert weights[1] == 0


def test_the_next_items_weigh_less_and_less(prepared: Path) -> None:
    model = learner().eval()
    batch = some_batch(prepared, model)
    vectors = model.network.item_vectors()
    query = model(batch, vectors)
    parts = [
        model.objective(model.network, query, vectors, batch._replace(target=batch.target[..., [place]]), torch.ones(1))
        for place in range(2)
    ]
    found = model.training_step(batch, 0)
    # No user of the toy data meets an item twice, so that every target counts.
    assert found.item() == pytest.approx(((parts[0] + 0.5 * parts[1]) / 1.5).item(), rel=1e-5)


def test_with_every_item_drawn_the_sampled_objective_is_the_full_one(prepared: Path) -> None:
    model = learner().eval()
    batch = some_batch(prepared, model)
    vectors = model.network.item_vectors()
    query = model(batch, vectors)
    many = SampledSoftmax(COUNTS, negatives=1_000_000, power=0.0)
    weight = torch.tensor([1.0, 0.5])
    sampled = many(model.network, query, None, batch, weight)
    torch.testing.assert_close(sampled, FullSoftmax()(model.network, query, vectors, batch, weight))


def test_an_item_met_again_is_no_target(prepared: Path) -> None:
    model = learner().eval()
    batch = some_batch(prepared, model)
    assert not met_before(batch, ITEMS)[batch.valid].any()
    again = batch._replace(target=torch.cat([batch.item[..., None], batch.target], dim=2))
    assert met_before(again, ITEMS)[batch.valid][:, 0].all()
    assert not met_before(again, ITEMS)[batch.valid][:, 1:].any()
    vectors = model.network.item_vectors()
    query = model(batch, vectors)
    full = FullSoftmax()
    losses = [
        full(model.network, query, vectors, one, weight)
        for one, weight in ((again, torch.tensor([9.0, 1.0, 0.5])), (batch, torch.tensor([1.0, 0.5])))
    ]
    torch.testing.assert_close(*losses)


def test_items_are_drawn_once_and_as_often_as_their_chance_says() -> None:
    objective = SampledSoftmax(torch.tensor([0, 3, 0, 15]), negatives=3, power=0.5)
    share = [1 / 8, 2 / 8, 1 / 8, 4 / 8]  # roots of 1, 4, 1, 16
    expected = [1 - (1 - one) ** 3 for one in share]
    assert objective.log_chance.exp().tolist() == pytest.approx(expected, rel=1e-6)
    torch.manual_seed(0)
    drawn = [objective.draw().tolist() for _ in range(4000)]
    assert all(len(set(items)) == len(items) for items in drawn)
    for item in range(4):
        assert sum(item in items for items in drawn) / 4000 == pytest.approx(expected[item], abs=0.03)


def test_the_rate_rises_to_its_height_and_falls_to_the_floor(prepared: Path) -> None:
    rates: list[float] = []

    class Recorder(Callback):
        def on_train_batch_start(self, trainer: Trainer, *arguments: Any) -> None:  # noqa: ARG002
            rates.append(trainer.optimizers[0].param_groups[0]["lr"])

    trained(prepared, learner(warmup_fraction=0.2), Recorder())
    assert rates[0] == pytest.approx(0.01 * 0.02)
    assert max(rates) == pytest.approx(0.01, rel=0.02)
    assert rates[-1] == pytest.approx(0.01 * 0.02, rel=0.02)
    top = rates.index(max(rates))
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)


def test_half_precision_trains(prepared: Path) -> None:
    trainer = trained(prepared, learner(precision="bf16-mixed", max_epochs=2))
    assert torch.isfinite(trainer.callback_metrics["train/loss"])
    assert torch.isfinite(trainer.callback_metrics["val/loss"])


def test_the_whole_data_trains_without_validation(prepared: Path) -> None:
    model = learner(max_epochs=1)
    trainer = trainer_for(model)
    trainer.fit(model, datamodule=data(prepared, model, whole=True))
    assert "train/loss" in trainer.callback_metrics
    assert "val/loss" not in trainer.callback_metrics
