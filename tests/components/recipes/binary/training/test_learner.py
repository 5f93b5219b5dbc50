import math

import pytest
import torch
from lightning.pytorch import LightningDataModule, Trainer
from tabm import TabM
from torch import Tensor, nn

from components.core.params.case import FitParams
from components.kits.tables.learning.network import weight_decay_groups
from components.recipes.binary.training.learner import BinaryLearner
from components.training.slices import SliceLoader
from tests.toy.jobs import toy_params


class Linear(nn.Module):
    """`logit_k = w_k x`: two members of one weight each, so that losses can be written down."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([[math.log(3.0), 0.0]]))

    def forward(self, numeric: Tensor, categorical: Tensor) -> Tensor:  # noqa: ARG002
        return numeric @ self.weight


X, Y = torch.tensor([[1.0], [-1.0], [1.0], [0.0]]), torch.tensor([1.0, 0.0, 0.0, 1.0])
BATCH = (X, torch.empty(4, 0, dtype=torch.long), Y)


class Rows(LightningDataModule):
    def train_dataloader(self) -> SliceLoader:
        return SliceLoader(BATCH, batch_size=4, seed=0, shuffle=False, trainer=self.trainer)

    val_dataloader = train_dataloader


def fit_params(**values: object) -> FitParams:
    return toy_params("finance_risk", **{f"fit__{name}": value for name, value in values.items()}).fit


def trained(learner: BinaryLearner, epochs: int) -> Trainer:
    trainer = Trainer(
        accelerator="cpu",
        devices=1,
        max_epochs=epochs,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        log_every_n_steps=1,
    )
    trainer.fit(learner, datamodule=Rows())
    return trainer


def validation_loss(probabilities: list[float], targets: list[float]) -> float:
    answers = [(torch.tensor(probabilities), torch.tensor(targets))]
    return BinaryLearner(Linear(), fit_params()).validation_metrics(answers)["loss"].item()


def test_the_loss_is_the_mean_cross_entropy_of_each_member() -> None:
    loss, rows = BinaryLearner(Linear(), fit_params()).training_loss(BATCH)
    # Member 1 says 3/4, 1/4, 3/4, 1/2 and member 2 says 1/2 to all.
    first = -(math.log(3 / 4) + math.log(3 / 4) + math.log(1 / 4) + math.log(1 / 2)) / 4
    second = math.log(2)
    assert rows == 4
    assert loss.item() == pytest.approx((first + second) / 2)


def test_validation_scores_the_mean_probability_that_is_served() -> None:
    learner = BinaryLearner(Linear(), fit_params(lr=1e-30, weight_decay=0.0))
    metrics = trained(learner, 1).callback_metrics
    p = [(3 / 4 + 1 / 2) / 2, (1 / 4 + 1 / 2) / 2, (3 / 4 + 1 / 2) / 2, 1 / 2]
    expected = -(math.log(p[0]) + math.log(1 - p[1]) + math.log(1 - p[2]) + math.log(p[3])) / 4
    assert metrics["val/loss"].item() == pytest.approx(expected)
    # Of the 2 x 2 pairs of a positive and a negative: .625 > .375, .625 = .625, .5 > .375, .5 < .625.
    assert metrics["val/auc"].item() == pytest.approx((1 + 0.5 + 1 + 0) / 4)


def test_training_lowers_the_loss() -> None:
    learner = BinaryLearner(Linear(), fit_params(lr=0.1))
    before = learner.training_loss(BATCH)[0].item()
    trained(learner, 20)
    assert learner.training_loss(BATCH)[0].item() < before


def test_only_weight_matrices_decay() -> None:
    network = TabM.make(n_num_features=2, cat_cardinalities=[3], d_out=1, k=2, n_blocks=1, d_block=4)
    names = {id(parameter): name for name, parameter in network.named_parameters()}
    decayed, free = weight_decay_groups(network, 0.5)
    assert (decayed["weight_decay"], free["weight_decay"]) == (0.5, 0.0)
    kinds = [{names[id(parameter)].rsplit(".", 1)[-1] for parameter in group["params"]} for group in (decayed, free)]
    assert kinds[0] == {"weight"}
    assert kinds[1] >= {"bias", "r"}
    assert kinds[1] <= {"bias", "r", "s"}
    assert len(decayed["params"]) + len(free["params"]) == len(names)


def test_a_probability_that_is_not_a_number_makes_a_loss_that_is_none() -> None:
    assert math.isnan(validation_loss([0.5, float("nan")], [1.0, 0.0]))


def test_sure_and_wrong_costs_much_but_not_everything() -> None:
    # The second row is sure and right, and costs nothing.
    assert validation_loss([0.0, 0.0], [1.0, 0.0]) == pytest.approx(-math.log(1e-7) / 2, rel=1e-3)
