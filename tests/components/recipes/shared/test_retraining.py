from pathlib import Path

import pytest
import torch

from components.compression.prune import magnitude_masks, prunable
from components.core.job import WEIGHTS
from components.core.params.case import DistillParams, PruneParams
from components.recipes.binary.training.learner import BinaryLearner
from components.recipes.shared.retraining import pruned, restored, student, tuned
from tests.conftest import Fitted
from tests.toy.jobs import toy_job

PRUNE = PruneParams(amount=0.6, epochs=1, lr_factor=0.25)


def test_a_restored_learner_has_the_weights_that_were_saved(fitted: Fitted) -> None:
    found = restored(fitted.job, fitted.recipe.training, fitted.folder / WEIGHTS).state_dict()
    saved = torch.load(fitted.folder / WEIGHTS, weights_only=True)
    assert found.keys() == saved.keys()
    assert all(torch.equal(found[name], saved[name]) for name in saved)


def test_the_epochs_after_pruning_are_few_and_slow(tmp_path: Path) -> None:
    job = toy_job("finance_risk", tmp_path, fit__lr=0.008)
    found = tuned(job, PRUNE, {"model.network.width": 12}).params
    assert (found.fit.max_epochs, found.fit.lr, found.model["network"]["width"]) == (1, 0.008 * 0.25, 12)
    assert found.fit.model_copy(update={"max_epochs": job.params.fit.max_epochs, "lr": 0.008}) == job.params.fit


def test_a_student_is_the_same_job_with_a_smaller_model(tmp_path: Path) -> None:
    job = toy_job("finance_risk", tmp_path)
    params = DistillParams(model={"network.k": 2, "network.width": 8}, epochs=7, teacher_share=1.0)
    found = student(job, params).params
    assert found.fit == job.params.fit.model_copy(update={"max_epochs": 7})
    assert found.model["network"] == {**job.params.model["network"], "k": 2, "width": 8}


@pytest.mark.slow
def test_a_pruned_learner_went_on_from_the_weights_without_the_smallest(fitted: Fitted, tmp_path: Path) -> None:
    whole = restored(fitted.job, fitted.recipe.training, fitted.folder / WEIGHTS)
    assert isinstance(whole, BinaryLearner)
    masks = magnitude_masks(whole.network, PRUNE.amount)
    learner = pruned(fitted.job, fitted.recipe.training, PRUNE, fitted.folder / WEIGHTS, tmp_path / "state")
    assert isinstance(learner, BinaryLearner)
    assert (learner.params.max_epochs, learner.params.lr) == (1, fitted.job.params.fit.lr * PRUNE.lr_factor)
    before, after = dict(prunable(whole.network)), dict(prunable(learner.network))
    for name, mask in masks.items():
        assert (after[name][mask == 0] == 0).all()
        kept = mask == 1
        assert not torch.equal(after[name][kept], before[name][kept])
        assert torch.allclose(after[name][kept], before[name][kept], atol=0.05)  # one slow epoch is no new start
