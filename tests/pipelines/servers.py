"""What tests of the servers share: `casebook up` in a small checkout, on ports that are free."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import requests

from components.core.files import read_json
from pipelines.environment import alive, up_file
from tests.pipelines.conftest import Checkout, Ended, left_alive
from tests.postgres import free_port


@dataclass
class Servers:
    """The servers of a checkout, and the variables with which they were started."""

    checkout: Checkout
    variables: dict[str, str] = field(default_factory=dict)

    def casebook(self, *words: str, **more: str) -> Ended:
        return self.checkout.run("python", "-m", "pipelines.cli", *words, **self.variables | more)

    @property
    def mark(self) -> str:
        return str(read_json(up_file(self.checkout.root))["mark"])

    @property
    def prefect(self) -> str:
        return f"http://127.0.0.1:{self.variables['CASEBOOK_PREFECT_PORT']}"

    @property
    def mlflow(self) -> str:
        return f"http://127.0.0.1:{self.variables['CASEBOOK_MLFLOW_PORT']}"

    @property
    def log(self) -> Path:
        return up_file(self.checkout.root).with_name("up.log")

    def processes(self) -> list[psutil.Process]:
        return [psutil.Process(number) for number in alive(self.mark)]


@contextmanager
def up(checkout: Checkout, **variables: str) -> Iterator[Servers]:
    ports = {"CASEBOOK_PREFECT_PORT": str(free_port()), "CASEBOOK_MLFLOW_PORT": str(free_port())}
    servers = Servers(checkout, {**ports, **variables})
    try:
        ended = servers.casebook("up")
        assert ended.code == 0, ended.said
        yield servers
    finally:
        servers.casebook("down")
        left_alive(checkout.root)


def status(address: str, password: str | None = None, **headers: str) -> int:
    """The HTTP status of an address, asked for as the user `casebook` where there is a password."""
    login = None if password is None else ("casebook", password)
    return requests.get(address, auth=login, headers=headers, timeout=60).status_code


def kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        process.send_signal(signal.SIGKILL)
    psutil.wait_procs(processes, timeout=60)
