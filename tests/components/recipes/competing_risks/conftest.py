"""One fitted toy case for the tests of this folder."""

import pytest

from components.core.job import Job
from tests.components.recipes.survival.conftest import fitted_job

NAME = "medical_mortality"


@pytest.fixture(scope="session")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    return fitted_job(tmp_path_factory.mktemp("mortality"), NAME)
