"""A server over the bundle of finance_risk's toy rows."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from components.registry.finding import Served
from components.serving.models import open_model
from components.serving.state import State
from tests.components.serving.served import served
from tests.conftest import Fitted


@pytest.fixture
def serving(fitted: Fitted) -> Iterator[Callable[..., tuple[httpx.Client, State]]]:
    """Serve the bundle by what is asked for; closed at the end."""
    with ExitStack() as stack:
        yield lambda **asked: stack.enter_context(served(fitted.job, fitted.bundle, **asked))


@pytest.fixture(scope="module")
def client(fitted: Fitted) -> Iterator[httpx.Client]:
    """Of a server that no test asks to be other than it is."""
    with served(fitted.job, fitted.bundle) as (found, _):
        yield found


@pytest.fixture(scope="module")
def example(fitted: Fitted) -> dict[str, Any]:
    """A row that the model takes."""
    model = open_model(fitted.job, Served("1", fitted.bundle, is_champion=True))
    return dict(model.service.schema()["examples"][0])
