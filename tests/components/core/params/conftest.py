"""The shipped params, for all tests of params."""

import copy
from pathlib import Path
from typing import Any

import pytest

from components.core.params.case import CaseParams
from components.core.params.load import load_params, read_whole

SHIPPED = Path(__file__).parents[4] / "params.yaml"
CASE = "finance_risk"


@pytest.fixture(scope="module")
def shipped() -> dict[str, Any]:
    return read_whole(SHIPPED)


@pytest.fixture
def content(shipped) -> dict[str, Any]:
    """The shipped params, to be made wrong."""
    return copy.deepcopy(shipped)


@pytest.fixture(scope="module")
def case() -> CaseParams:
    return load_params(SHIPPED).case(CASE)
