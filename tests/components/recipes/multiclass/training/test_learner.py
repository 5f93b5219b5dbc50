import math
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from components.recipes.multiclass.assembly.assembly import as_long
from components.recipes.multiclass.training.learner import ClassLearner, MeanShare
from tests.toy.jobs import toy_job, toy_params

THREE, TWO = math.log(3), math.log(2)


class Fixed(nn.Module):
    """Two members that say the same of each row: (3/5, 1/5, 1/5) and (1/4, 1/2, 1/4)."""

    def __init__(self) -> None:
        super().__init__()
        self.lines = nn.Parameter(torch.tensor([[THREE, 0.0, 0.0], [0.0, TWO, 0.0]]))

    def forward(self, numeric: Tensor, categorical: Tensor) -> Tensor:  # noqa: ARG002
        return self.lines.expand(len(numeric), 2, 3)


X, NONE = torch.zeros(2, 1), torch.empty(2, 0, dtype=torch.long)


def learner() -> ClassLearner:
    return ClassLearner(Fixed(), toy_params("finance_risk").fit)


def test_the_loss_is_the_mean_cross_entropy_of_each_member() -> None:
    loss, rows = learner().training_loss((X, NONE, torch.tensor([0.0, 2.0])))
    assert rows == 2
    assert loss.item() == pytest.approx(-math.log((3 / 5) * (1 / 4) * (1 / 5) * (1 / 4)) / 4)


def test_a_teacher_gives_shares_of_each_class() -> None:
    shares = torch.tensor([[1.0, 0.0, 0.0], [0.5, 0.0, 0.5]])
    loss, _ = learner().training_loss((X, NONE, shares))
    of_second = 0.5 * math.log((3 / 5) * (1 / 4) * (1 / 5) * (1 / 4))
    assert loss.item() == pytest.approx(-(math.log((3 / 5) * (1 / 4)) + of_second) / 4)


def test_validation_scores_the_mean_probability_that_is_served() -> None:
    one = learner()
    with torch.no_grad():
        probability, target = one.validated((X, NONE, torch.tensor([0.0, 2.0])))
    served = [(3 / 5 + 1 / 4) / 2, (1 / 5 + 1 / 2) / 2, (1 / 5 + 1 / 4) / 2]
    assert probability[0].tolist() == pytest.approx(served)
    assert MeanShare(one.network)(X, NONE)[1].tolist() == pytest.approx(served)
    metrics = one.validation_metrics([(probability, target)])
    assert float(metrics["loss"]) == pytest.approx(-math.log(served[0] * served[2]) / 2)
    assert float(metrics["accuracy"]) == 1 / 2


def test_a_probability_that_is_not_a_number_makes_a_loss_that_is_none() -> None:
    answers = [(torch.tensor([[float("nan"), 0.5]]), torch.tensor([0]))]
    assert math.isnan(float(learner().validation_metrics(answers)["loss"]))


def test_later_fits_are_as_long_as_the_first_was_at_its_best() -> None:
    one, job = learner(), toy_job("cluster_jobs", Path(), fit__max_epochs=16)
    assert int(one.epochs) == 0
    found = []
    for best in (10, 1):
        one.epochs.fill_(best)
        found.append(as_long(job, one).params.fit.max_epochs)
    assert found == [10, 4]
