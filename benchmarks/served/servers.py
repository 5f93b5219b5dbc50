"""A server as a process: started, asked, and what it and all that it started cost and hold."""

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import psutil

from benchmarks.served.load import Found, Order

CODE = Path(__file__).parents[2]
READY_WITHIN = 120  # seconds
MIB = 1 << 20


@dataclass
class Server:
    """A process that listens; `starting` are the CPU seconds until it was ready."""

    process: "subprocess.Popen[bytes]"
    port: int
    said: IO[bytes]
    starting: float = 0.0

    def family(self) -> list[psutil.Process]:
        """The process and all that it started."""
        first = psutil.Process(self.process.pid)
        return [first, *first.children(recursive=True)]

    def cpu(self) -> float:
        """Seconds so far, of user and system, of those that live and of those that they have waited for."""
        found = 0.0
        for one in self.family():
            with suppress(psutil.NoSuchProcess):
                found += sum(one.cpu_times()[:4])
        return found

    def memory(self) -> tuple[float, float]:
        """MiB resident, and MiB where pages that processes share are counted once."""
        told = [one.memory_full_info() for one in self.family()]
        return sum(one.rss for one in told) / MIB, sum(one.pss for one in told) / MIB

    def ask(self, path: str, body: bytes) -> Any:
        """The answer to one request.

        Raises:
            SystemExit: it is none.
        """
        headers = {"Content-Type": "application/json"}
        asked = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", body, headers)
        try:
            with urllib.request.urlopen(asked, timeout=120) as answer:  # noqa: S310
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise SystemExit(f"{path}: {error.code} {error.read()[-1000:].decode(errors='replace')}") from None

    def load(self, path: str, bodies: Sequence[bytes], connections: int, seconds: float) -> tuple[Found, float]:
        """What clients without a pause found, and the CPU seconds that it cost this server.

        Raises:
            SystemExit: one of them was not answered.
        """
        order = asdict(Order(self.port, path, [], connections, seconds))
        order["bodies"] = [base64.b64encode(body).decode() for body in bodies]
        before = self.cpu()
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.served.load"],
            cwd=CODE,
            env={**os.environ, "PYTHONPATH": str(CODE)},
            input=json.dumps(order),
            capture_output=True,
            text=True,
            check=False,
        )
        spent = self.cpu() - before
        if done.returncode:
            raise SystemExit(done.stderr[-2000:])
        return Found(**json.loads(done.stdout)), spent


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def started(command: Sequence[str], folder: Path, variables: Mapping[str, str], ready: str) -> Iterator[Server]:
    """The command, with `{port}` a free port, until it answers at the path `ready`; it is ended at the end.

    Raises:
        SystemExit: it ends before, or does not answer in time; with the last of what it said.
    """
    port = free_port()
    with TemporaryFile() as said:
        process = subprocess.Popen(
            [one.replace("{port}", str(port)) for one in command],
            cwd=folder,
            env=dict(variables),
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        server = Server(process, port, said)
        try:
            _wait(server, ready)
            server.starting = server.cpu()
            yield server
        finally:
            _end(server)


def _wait(server: Server, ready: str) -> None:
    until = time.monotonic() + READY_WITHIN
    while time.monotonic() < until and server.process.poll() is None:
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{server.port}{ready}", timeout=5):
            return
        time.sleep(0.05)
    server.said.seek(0)
    raise SystemExit(f"{server.process.args} does not serve:\n{server.said.read()[-3000:].decode(errors='replace')}")


def _end(server: Server) -> None:
    with suppress(ProcessLookupError):
        os.killpg(server.process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        server.process.wait(10)
    with suppress(ProcessLookupError):
        os.killpg(server.process.pid, signal.SIGKILL)
    server.process.wait()
