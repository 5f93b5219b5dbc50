"""The toy case of several classes: prepared, and fitted with its few rows cross-fitted."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from lightning.pytorch import LightningModule

from components.core.job import BUNDLE
from components.recipes.multiclass.assembly.assembly import assemble
from components.recipes.multiclass.params import ClassesJob
from components.recipes.multiclass.training.training import TRAINING
from components.training.fit import fit
from pipelines.steps import fetch, prepare
from tests.toy.jobs import toy_job

FOLDS = 2
FEW = {"model__few__rows": 2000, "model__few__folds": FOLDS, "model__logistic__c": [0.02, 0.2]}


@dataclass(frozen=True)
class Few:
    """A case whose rows are few, fitted in two epochs."""

    job: ClassesJob
    learner: LightningModule
    served: LightningModule
    folder: Path

    @property
    def bundle(self) -> Path:
        return self.folder / BUNDLE


@pytest.fixture(scope="session")
def few(tmp_path_factory: pytest.TempPathFactory) -> Few:
    job: ClassesJob = toy_job("cluster_jobs", tmp_path_factory.mktemp("classes"), **FEW)
    fetch.run(job)
    prepare.run(job)
    learner, _ = fit(job, TRAINING, state=job.paths.state(job.case) / "fit")
    folder = job.paths.fitted(job.case)
    return Few(job, learner, assemble(job, learner, folder), folder)
