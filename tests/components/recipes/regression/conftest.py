"""House prices on their toy rows, prepared once, and fitted once as few rows are."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from lightning.pytorch import LightningModule

from components.core.job import BUNDLE
from components.recipes.regression.assembly.assembly import assemble
from components.recipes.regression.params import RegressionJob
from components.recipes.regression.training.training import TRAINING
from components.training.fit import fit
from tests.toy.jobs import toy_job


@dataclass(frozen=True)
class Few:
    """A case whose rows are few, fitted in two epochs."""

    job: RegressionJob
    learner: LightningModule
    served: LightningModule
    folder: Path

    @property
    def bundle(self) -> Path:
        return self.folder / BUNDLE


@pytest.fixture(scope="session")
def houses(tmp_path_factory: pytest.TempPathFactory) -> RegressionJob:
    """Read only."""
    from pipelines.steps import fetch, prepare

    values = {"model.few.rows": 2000, "model.few.folds": 3, "model.few.longer": 4, "model.intervals.by": "Bldg_Type"}
    job = toy_job("house_prices", tmp_path_factory.mktemp("houses")).with_values(
        {**values, "model.intervals.min_group": 20}
    )
    fetch.run(job)
    prepare.run(job)
    return job


@pytest.fixture(scope="session")
def few(houses: RegressionJob) -> Few:
    """Read only."""
    learner, _ = fit(houses, TRAINING, state=houses.paths.state(houses.case) / "fit")
    folder = houses.paths.fitted(houses.case)
    return Few(houses, learner, assemble(houses, learner, folder), folder)
