"""The case on its toy rows with a network as it starts, which is enough for what only reads it."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from components.core.job import Job
from components.core.recipe import Recipe, recipe_of
from tests.toy.jobs import toy_job

CASE = "recommender"


@dataclass(frozen=True)
class Untrained:
    """`folder` holds `bundle/` and `selection/` as the fit stage leaves them, but for the training."""

    job: Job
    recipe: Recipe
    folder: Path

    @property
    def bundle(self) -> Path:
        return self.folder / "bundle"


@pytest.fixture(scope="session")
def untrained(tmp_path_factory: pytest.TempPathFactory) -> Untrained:
    """Read only."""
    import torch

    from components.recipes.next_item.assembly.assembly import write
    from pipelines.steps import fetch, prepare

    # Large enough for eight bits to be fewer bytes.
    job = toy_job(CASE, tmp_path_factory.mktemp(CASE), model__network__size=64, model__network__blocks=2)
    fetch.run(job)
    prepare.run(job)
    recipe, folder = recipe_of(job), job.paths.fitted(CASE)
    torch.manual_seed(1)
    learner = recipe.training.learner(job, recipe.training.data(job))
    with torch.no_grad():
        for parameter in learner.parameters():  # so that everything the network reads tells in what it answers
            parameter.add_(0.1 * torch.randn_like(parameter))
    for name, whole in (("bundle", True), ("selection", False)):
        write(folder / name, job, job.model, {"ease": 0.5, "transitions": 0.5}, learner, whole=whole)
    return Untrained(job, recipe, folder)
