import copy

import pytest
import torch
from torch.optim import AdamW

from components.recipes.detection.training.cell_detector import CellDetector
from components.recipes.detection.training.data import Batch
from components.recipes.detection.training.distillation import DistillationLearner
from components.recipes.detection.training.learner import (
    AnswerParams,
    Average,
    DetectionLearner,
    LossParams,
    weight_groups,
)
from tests.toy.jobs import toy_params

LOSS = LossParams(candidates=4, score_power=0.5, overlap_power=6.0, box_weight=2.0)
ANSWERS = AnswerParams(least=0.05, overlap=0.6, most=20)


def make_network(seed=0):
    torch.manual_seed(seed)
    return CellDetector(
        channels=1, classes=2, stride=8, reach=8.0, stem=8, widths=[8] * 4, depths=[0, 1, 0, 0], size=8, hidden=1.0
    )


def make_learner(kind=DetectionLearner, **more):
    options = {"loss": LOSS, "answers": ANSWERS, "decay": 0.9, "floor": 0.1, "channels_last": False}
    return kind(make_network(), toy_params("medical_cells").fit, **{"kernel_lr_factor": None, **options, **more})


def make_batch():
    images = torch.rand(2, 1, 64, 96, generator=torch.Generator().manual_seed(1))
    boxes = torch.tensor([[[8.0, 8.0, 24.0, 24.0], [40.0, 16.0, 60.0, 40.0]], [[0.0] * 4] * 2])
    return Batch(images, boxes, torch.tensor([[0, 1], [-1, -1]]))


def test_a_step_on_one_batch_lowers_its_loss():
    learner, batch = make_learner(), make_batch()
    optimizer = AdamW(learner.network.parameters(), lr=0.01)
    losses = []
    for _ in range(60):  # at first better boxes ask for higher scores
        loss = learner.training_loss(batch)[0]
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert losses[-1] < losses[0]


def test_inner_kernels_have_their_own_rate_and_only_kernels_decay():
    network, params = make_network(), toy_params("medical_cells").fit
    inner, ends, flat = weight_groups(network, params, 10.0)
    assert [(group["orthogonal"], group["lr"] / params.lr) for group in (inner, ends, flat)] == [
        (True, pytest.approx(10.0)),
        (False, 1.0),
        (False, 1.0),
    ]
    first, scores, sides = network.backbone.stem[0], network.score[-1], network.distance[-1]
    assert {id(weight) for weight in ends["params"]} == {id(one.weight) for one in (first, scores, sides)}
    assert [group["weight_decay"] for group in (inner, ends, flat)] == [params.weight_decay, params.weight_decay, 0.0]
    assert all(weight.ndim == 4 for weight in inner["params"])
    assert sum(len(group["params"]) for group in (inner, ends, flat)) == len(list(network.parameters()))


def test_without_a_rate_of_their_own_kernels_are_as_all_weights():
    network, params = make_network(), toy_params("medical_cells").fit
    kernels, flat = weight_groups(network, params, None)
    assert not kernels["orthogonal"]
    assert len(kernels["params"]) == sum(weight.ndim > 1 for weight in network.parameters())
    assert not any(weight.ndim > 1 for weight in flat["params"])


def test_the_average_is_not_trained_and_moves_to_the_weights():
    learner = make_learner()
    before = copy.deepcopy(learner.served.state_dict())
    with torch.no_grad():
        for weight in learner.network.parameters():
            weight.add_(1)
    learner.averaged.update_parameters(learner.network)  # the first is a copy
    assert all(
        torch.equal(a, b) for a, b in zip(learner.served.parameters(), learner.network.parameters(), strict=True)
    )
    name = "backbone.stem.0.weight"
    assert not torch.equal(before[name], learner.served.state_dict()[name])
    assert not any(weight.requires_grad for weight in learner.averaged.parameters())


def test_the_average_forgets_quickly_at_first():
    average, mean, batches = Average(0.99), torch.tensor([0.0]), torch.tensor(3)
    average([mean, batches], [torch.tensor([1.0]), torch.tensor(7)], torch.tensor(5))
    assert mean.item() == pytest.approx(1 - (1 + 5) / (10 + 5))  # and not 1 - 0.99
    assert batches.item() == 7
    average([mean], [torch.tensor([1.0])], torch.tensor(10_000))
    assert mean.item() == pytest.approx(1 - 0.99 * (6 / 15))


def test_validating_counts_what_the_average_finds():
    learner, logged = make_learner(), {}
    learner.log = lambda name, value, **_: logged.update({name: value})
    learner.validation_step(make_batch(), 0)
    learner.on_validation_epoch_end()
    assert logged.keys() == {"val/map50", "val/map50_95"}
    assert 0 <= logged["val/map50_95"] <= logged["val/map50"] <= 1


def test_a_student_that_is_its_teacher_has_nothing_to_learn_of_it():
    batch, surer = make_batch(), make_network()
    with torch.no_grad():
        surer.score[-1].bias.zero_()
    same, other = (
        make_learner(DistillationLearner, teacher=teacher, taught=1.0) for teacher in (make_network(), surer)
    )
    for learner in (same, other):
        learner.network.eval()
    assert same.training_loss(batch)[0].item() == pytest.approx(0.0, abs=1e-5)
    assert other.training_loss(batch)[0].item() > 0.1


def test_a_student_that_is_taught_nothing_is_an_ordinary_learner():
    student, alone = make_learner(DistillationLearner, teacher=make_network(5), taught=0.0), make_learner()
    batch = make_batch()
    assert student.training_loss(batch)[0].item() == pytest.approx(alone.training_loss(batch)[0].item())


def test_a_teacher_is_no_part_of_what_is_saved():
    student, alone = make_learner(DistillationLearner, teacher=make_network(5), taught=0.5), make_learner()
    assert student.state_dict().keys() == alone.state_dict().keys()
