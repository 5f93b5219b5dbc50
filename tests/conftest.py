"""Toy rows, prepared and fitted once for all tests that only read them."""

import gc
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from components.core.job import BUNDLE, WEIGHTS, Job
from components.core.recipe import Recipe, recipe_of
from tests.browser import browser, page, see  # noqa: F401 - fixtures
from tests.examples import register
from tests.forks import DATA, TRAINING, Forks, end_all, forks
from tests.postgres import database, postgres  # noqa: F401 - fixtures
from tests.toy.jobs import toy_job

CASE = "finance_risk"

register()


@dataclass(frozen=True)
class Fitted:
    """A case fitted on its toy rows; `folder` holds `bundle/` and `learner.pt` as the fit stage leaves them."""

    job: Job
    recipe: Recipe
    folder: Path

    @property
    def bundle(self) -> Path:
        return self.folder / BUNDLE


@pytest.fixture(autouse=True)
def no_handler_is_left() -> Iterator[None]:
    """A command that was called in this process has told the log to write where its test looked; that is closed now."""
    yield
    root = logging.getLogger()
    for handler in [one for one in root.handlers if type(one) is logging.StreamHandler]:  # pytest's are of other types
        root.removeHandler(handler)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Job:
    """finance_risk's toy rows, fetched and prepared. Read only."""
    from pipelines.steps import fetch, prepare

    job = toy_job(CASE, tmp_path_factory.mktemp("prepared"))
    fetch.run(job)
    prepare.run(job)
    return job


@pytest.fixture(scope="session")
def fitted(prepared: Job) -> Fitted:
    """The learner of two epochs, the baselines and the blend. Read only."""
    import torch

    from components.training.fit import fit

    recipe, folder = recipe_of(prepared), prepared.paths.fitted(CASE)
    folder.mkdir(parents=True)
    learner, _ = fit(prepared, recipe.training, state=prepared.paths.state(CASE) / "fit")
    recipe.assembly.assemble(prepared, learner, folder)
    torch.save(learner.state_dict(), folder / WEIGHTS)
    return Fitted(prepared, recipe, folder)


@pytest.fixture(scope="session")
def data_forks() -> Forks:
    """Fresh processes that have pandas and what it stands on, and nothing of training, tracking or ours."""
    return forks(DATA)


@pytest.fixture(scope="session")
def training_forks() -> Forks:
    """Fresh processes that have the libraries of the stages, and nothing of ours."""
    return forks(TRAINING)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Leave what the collection imports out of every later search for garbage: it is a third of a worker's time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_unconfigure() -> None:
    end_all()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow tests first: begun last, one of them would keep a worker busy while the others have nothing left."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
