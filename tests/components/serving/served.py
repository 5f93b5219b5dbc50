"""A server over a bundle, in a thread of this process: sockets and all."""

import json
import shlex
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from components.core.job import AnyJob
from components.core.params.monitor import PredictionLog
from components.registry.finding import Served
from components.serving.app import make_app
from components.serving.models import Finder
from components.serving.state import Serving, State
from components.serving.wire import JsonHttp
from tests.toy.jobs import CHECKOUT

LOG = PredictionLog(enabled=True, rows=1000, megabytes=10, days=90)
ASKED: dict[str, Any] = {
    "version": None, "explain": "declined", "strict": False, "token": None, "look_every": 3600.0
}  # fmt: skip


@contextmanager
def served(job: AnyJob, bundle: Path, find: Finder | None = None, **asked: Any) -> Iterator[tuple[httpx.Client, State]]:
    """The bundle as the champion of its case, by what is asked for; closed at the end."""
    found = Served("1", bundle, is_champion=True)
    state = State(Serving(jobs=[job], logs={job.case: LOG}, **{**ASKED, **asked}), find or (lambda *_: found))
    with listening(state) as client:
        yield client, state


@contextmanager
def listening(state: State) -> Iterator[httpx.Client]:
    """A client of what a state serves, which is opened here."""
    state.start()
    options = uvicorn.Config(make_app(state), port=0, http=JsonHttp, log_level="warning", lifespan="on")
    server = uvicorn.Server(options)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the server ended before it listened"
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(20)


def until(happened: Callable[[], Any], what: str, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def shown_and_sent(client: httpx.Client, path: str) -> list[dict[str, Any]]:
    """What curl gets for the commands of docs/serving.md that ask a path, sent as they stand there but for the port."""
    page = (CHECKOUT / "docs" / "serving.md").read_text(encoding="utf-8")
    commands = [line for line in page.splitlines() if line.startswith(f"curl -s localhost:8000{path} ")]
    assert commands
    sent = [
        shlex.split(one.replace("localhost:8000", f"{client.base_url.host}:{client.base_url.port}")) for one in commands
    ]
    return [json.loads(subprocess.run(one, capture_output=True, check=True).stdout) for one in sent]
