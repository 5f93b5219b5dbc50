"""Clients that ask a server without a pause, and note each answer."""

import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

import httpx
import psutil

from tests.pipelines.conftest import Checkout, Started


class Load:
    """So many clients, each with a connection of its own; an answer's status and version, or the error instead."""

    def __init__(self, address: str, body: Mapping[str, Any], clients: int = 4) -> None:
        self.answers: list[tuple[int, str]] = []
        self.failed: list[str] = []
        self._address, self._body = address, body
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._ask, daemon=True) for _ in range(clients)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join(60)

    @property
    def versions(self) -> list[str]:
        """In the order in which they answered, each time that another did."""
        found = [version for _, version in list(self.answers)]
        return [one for place, one in enumerate(found) if place == 0 or found[place - 1] != one]

    def _ask(self) -> None:
        with httpx.Client(timeout=60) as client:
            while not self._end.is_set():
                try:
                    found = client.post(self._address, json=self._body)
                except httpx.HTTPError as error:
                    self.failed.append(repr(error))
                    time.sleep(0.05)
                    continue
                if found.status_code == 200:
                    self.answers.append((200, found.json()["version"]))
                else:
                    self.failed.append(f"{found.status_code} {found.text[:200]}")


@contextmanager
def serving(checkout: Checkout, *options: str, case: str = "toy", **variables: str) -> Iterator[tuple[Started, str]]:
    """`casebook serve` of a case on a free port; the process and its address."""
    command = ("python", "-m", "pipelines.cli", "serve", case, "--port", "0", "--look-every", "0.2", *options)
    started = checkout.start(*command, **variables)
    try:
        yield started, address_of(started)
    finally:
        if started.process.poll() is None:
            started.process.kill()
        started.process.wait(30)


def address_of(started: Started, seconds: float = 120) -> str:
    """Where it says that it listens, once it is ready."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert started.process.poll() is None, started.said
        for line in started.said.splitlines():
            if "http://127.0.0.1:" in line:
                address = line[line.index("http://") :].split()[0]
                try:
                    if httpx.get(f"{address}/v2/health/ready").status_code == 200:
                        return address
                except httpx.HTTPError:
                    pass
        time.sleep(0.1)
    raise AssertionError(f"not ready: {started.said}")


def body_of(address: str) -> dict:
    schema = httpx.get(f"{address}/v1/toy/schema").json()["row"]
    return {"rows": schema["examples"], "explain": "always"}


def figure(address: str, name: str) -> float:
    lines = httpx.get(f"{address}/metrics").text.splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith(name) and not line.startswith("#"))


def until(happened: Callable[[], Any], what: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def end(started: Started, address: str) -> None:
    """Tell it to end: it says so to who is connected already, on whatever connection, before it takes no new one."""
    with httpx.Client(base_url=address, timeout=60) as client:
        assert "connection" not in client.get("/v2/health/ready").headers
        started.process.send_signal(signal.SIGTERM)
        until(lambda: client.get("/v2/health/ready").status_code == 503, "readiness to turn", 5)
        said = client.get("/metrics").headers
        assert said["connection"] == "close"


def spawned(server: int) -> list[psutil.Process]:
    """Its workers, or the process of its shadow, the oldest first."""
    found = [one for one in psutil.Process(server).children() if one.status() != psutil.STATUS_ZOMBIE]
    return sorted((one for one in found if "spawn_main" in " ".join(one.cmdline())), key=psutil.Process.create_time)


def promote(checkout: Checkout, version: int) -> None:
    """What a promotion does to the alias, in the registry's own database."""
    with closing(sqlite3.connect(checkout.root / "mlflow.db", timeout=30)) as connection, connection:
        connection.execute("UPDATE registered_model_aliases SET version = ? WHERE alias = 'champion'", (version,))
