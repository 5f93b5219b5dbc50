from dataclasses import replace
from pathlib import Path

from components.contracts import Job, Paths
from components.recipe import recipe_of
from components.training.fit import build
from components.training.refit import refit_state


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
