"""The phrases of the dictionaries, read once: every preparation and every lattice asks for them, and writes nothing."""

import gc
from collections.abc import Iterator
from functools import cache

import pytest


@pytest.fixture(scope="package", autouse=True)
def _shared_readings() -> Iterator[None]:
    from components.recipes.conversion.assembly.lattice import dictionaries
    from components.recipes.conversion.encoding.readings import Readings
    from components.recipes.conversion.preparation import preparation

    shared = cache(Readings)
    shared()
    gc.freeze()  # half a million small lists that stay
    with pytest.MonkeyPatch.context() as patch:
        for module in (preparation, dictionaries):
            patch.setattr(module, "Readings", shared)
        yield
