"""A server of this process, in a thread: sockets and all."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import uvicorn

from components.serving.app import make_app
from components.serving.state import State


@contextmanager
def listening(state: State) -> Iterator[httpx.Client]:
    """A client of what the state serves, which is opened and closed."""
    state.start()
    server = uvicorn.Server(uvicorn.Config(make_app(state), port=0, log_level="warning", lifespan="on"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(20)
