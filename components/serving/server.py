"""The server: uvicorn around the application, and an end at which no request fails."""

import asyncio
import logging
import signal
import time
from collections.abc import Callable
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from components.serving.app import make_app
from components.serving.state import Serving, State

log = logging.getLogger(__name__)

DRAINED_WITHIN = 30  # seconds that what has begun may take
LEAVING = 2.0  # seconds in which clients learn that the server goes
KEPT_ALIVE = 65  # seconds that an idle connection stays


class Draining(uvicorn.Server):
    """On SIGTERM readiness turns 503 and each answer says that its connection ends; a moment later no new connection
    is taken, and what has begun is finished.
    """

    def __init__(self, config: uvicorn.Config, state: State) -> None:
        super().__init__(config)
        self._state = state
        self._leaving: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A second signal ends at once."""
        if self._leaving is not None or sig != signal.SIGTERM:
            super().handle_exit(sig, frame)
            return
        log.info("ending: no new connections in %.0f s, what has begun has %d s", LEAVING, DRAINED_WITHIN)
        self._state.draining, self._leaving = True, time.monotonic()

    async def on_tick(self, counter: int) -> bool:
        """Called ten times a second; whether the server ends."""
        if self._leaving is not None and time.monotonic() - self._leaving > LEAVING:
            self.should_exit = True
        return await super().on_tick(counter)


def run(asked: Serving, host: str, port: int, around: Callable[[ASGIApp], ASGIApp]) -> int:
    """Serve until told to end; `around` wraps the application. Returns the exit code.

    Raises:
        CasebookError: a case has no such version, or it cannot be opened.
    """
    state = State(asked)
    state.start()
    config = uvicorn.Config(
        around(make_app(state)),
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        timeout_keep_alive=KEPT_ALIVE,
        timeout_graceful_shutdown=DRAINED_WITHIN,
        lifespan="on",
    )
    server = Draining(config, state)
    listening = config.bind_socket()
    log.info("%s: http://%s:%d", ", ".join(state.slots), *listening.getsockname()[:2])
    asyncio.run(server.serve([listening]))
    return 0 if server.started else 1
