"""A server over the bundle of finance_risk's toy rows, in a thread of this process: sockets and all."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from components.core.params.monitor import PredictionLog
from components.registry.finding import Served
from components.serving.models import Finder, open_model
from components.serving.state import Serving, State
from tests.components.serving.server import listening
from tests.conftest import Fitted

LOG = PredictionLog(enabled=True, rows=1000, megabytes=10, days=90)
ASKED: dict[str, Any] = {
    "version": None, "explain": "declined", "strict": False, "token": None, "look_every": 3600.0
}  # fmt: skip


@pytest.fixture
def serving(fitted: Fitted) -> Iterator[Callable[..., tuple[httpx.Client, State]]]:
    """Serve the bundle by what is asked for; closed at the end."""
    with ExitStack() as stack:

        def start(find: Finder | None = None, **asked: Any) -> tuple[httpx.Client, State]:
            found = Served("1", fitted.bundle, is_champion=True)
            given = Serving([fitted.job], logs={fitted.job.case: LOG}, **{**ASKED, **asked})
            state = State(given, find or (lambda *_: found))
            return stack.enter_context(listening(state)), state

        yield start


@pytest.fixture
def example(fitted: Fitted) -> dict[str, Any]:
    """A row that the model takes."""
    model = open_model(fitted.job, Served("1", fitted.bundle, is_champion=True))
    return dict(model.service.schema()["examples"][0])
