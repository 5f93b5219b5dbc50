from dataclasses import replace
from pathlib import Path

import pytest
import torch

from components.core.files import read_json
from components.core.job import REFIT, Job, Paths
from components.core.recipe import recipe_of
from components.training.fit import BEST, LAST, RESULT, build
from components.training.refit import fit_to_the_end, keep_result, on_everything, refit, refit_state


def test_a_folder_belongs_to_the_weights_and_those_of_others_are_removed(prepared: Job, tmp_path: Path) -> None:
    learner, _ = build(prepared, recipe_of(prepared).training)
    job = replace(prepared, paths=Paths(tmp_path))
    first = refit_state(job, learner)
    first.mkdir(parents=True)
    assert refit_state(job, learner) == first
    assert first.is_dir()
    weight = next(iter(learner.parameters()))
    weight.data.add_(1.0)
    assert refit_state(job, learner) != first
    assert not first.exists()


@pytest.mark.slow
def test_a_second_fit_watches_its_own_loss_and_keeps_its_checkpoints_with_the_weights_of_the_first(
    prepared: Job, tmp_path: Path
) -> None:
    training = recipe_of(prepared).training
    learner, _ = build(prepared, training)
    again = refit(prepared, training, learner, training.data)
    told = read_json(refit_state(prepared, learner) / RESULT)
    assert (told["monitor"], told["epochs"]) == ("train/loss", prepared.params.fit.max_epochs)
    keep_result(refit_state(prepared, learner), tmp_path)
    assert read_json(tmp_path / REFIT) == told
    assert not torch.equal(next(iter(again.parameters())), next(iter(learner.parameters())))


@pytest.mark.slow
def test_to_the_end_gives_the_weights_of_the_last_epoch_and_not_the_best(prepared: Job, tmp_path: Path) -> None:
    training = recipe_of(prepared).training
    # The highest loss is that of the first epoch, which is then taken for the best one.
    learner = fit_to_the_end(prepared, replace(on_everything(training, training.data), mode="max"), tmp_path)
    best, last = (torch.load(tmp_path / f"{name}.ckpt", weights_only=True)["state_dict"] for name in (BEST, LAST))
    found = learner.state_dict()
    assert all(torch.equal(found[name], last[name]) for name in found)
    assert not all(torch.equal(best[name], last[name]) for name in found)
