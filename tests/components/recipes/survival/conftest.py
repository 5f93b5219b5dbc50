"""One fitted toy case for the tests of this folder."""

from pathlib import Path

import pytest
import torch

from components.core.job import WEIGHTS, Job
from components.core.recipe import recipe_of
from components.training.fit import fit
from pipelines.steps import fetch, prepare
from tests.toy.jobs import toy_job

NAME = "medical_prognosis"


def fitted_job(root: Path, case: str = NAME, **values: object) -> Job:
    """From toy rows to `fitted/`, without tracking."""
    job = toy_job(case, root, **values)
    fetch.run(job)
    prepare.run(job)
    fit_job(job)
    return job


def fit_job(job: Job) -> None:
    recipe, out = recipe_of(job), job.paths.fitted(job.case)
    learner, _ = fit(job, recipe.training, state=job.paths.state(job.case) / "fit")
    out.mkdir(parents=True, exist_ok=True)
    recipe.assembly.assemble(job, learner, out)
    torch.save(learner.state_dict(), out / WEIGHTS)


@pytest.fixture(scope="session")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    return fitted_job(tmp_path_factory.mktemp("prognosis"))
