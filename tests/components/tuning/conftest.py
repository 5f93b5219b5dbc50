from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from components.core.parts import Training
from components.core.recipe import recipe_of
from tests.components.tuning.parabola import job_of


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """In memory where there is such a place: hundreds of commits would wait for the disk."""
    memory = Path("/dev/shm")  # noqa: S108
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


@pytest.fixture
def training(tmp_path: Path) -> Training:
    return recipe_of(job_of(tmp_path)).training
