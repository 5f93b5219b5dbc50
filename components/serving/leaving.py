"""The end of a server at which no request fails."""

import asyncio
import logging
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from components.serving.state import State

log = logging.getLogger(__name__)

DRAINED_WITHIN = 30  # seconds that what has begun may take
LEAVING = 2.0  # seconds in which clients learn that the server goes


@contextmanager
def told_to_leave(state: State) -> Iterator[None]:
    """Within it SIGTERM turns readiness to 503 and has each answer say that its connection ends; a moment later it goes
    to whom it went before: uvicorn, which takes no new connection and finishes what has begun. Within that moment it
    is the same word twice, as from a parent and from who ends the whole group; a later one goes there at once.
    """
    before = signal.getsignal(signal.SIGTERM)
    loop = asyncio.get_running_loop()
    told = 0.0

    def pass_on(number: int, frame: FrameType | None) -> None:
        if callable(before):
            before(number, frame)

    def leave(number: int, frame: FrameType | None) -> None:
        nonlocal told
        if state.draining:
            if time.monotonic() >= told + LEAVING:
                pass_on(number, frame)
            return
        told = time.monotonic()
        log.info("ending: new connections for %.0f s, what has begun has %d s", LEAVING, DRAINED_WITHIN)
        state.draining = True
        loop.call_later(LEAVING, pass_on, number, None)

    try:
        signal.signal(signal.SIGTERM, leave)
    except ValueError:  # a server in a thread, as of a test: no signal comes to it
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
