"""Clients that ask a server without a pause, in a process of their own: `python -m benchmarks.served.load`.

Standard input holds the order as JSON, standard output gets what became of it. Sockets and bytes alone, so that little
is left to wait for but the server.
"""

import asyncio
import base64
import json
import sys
import time
from dataclasses import asdict, dataclass, field

AWAY = {429: 1.0, 504: 0.0}  # sent away, and seconds after which one comes again
PATIENCE = 300.0  # seconds until a server counts as dead


@dataclass(frozen=True)
class Order:
    """Ask `path` with the bodies in turn over so many connections, until `seconds` have gone and there are as many
    answers as connections.
    """

    port: int
    path: str
    bodies: list[bytes]
    connections: int
    seconds: float


@dataclass
class Found:
    """Milliseconds of each answer, how often one was sent away, and how long all took."""

    took: list[float] = field(default_factory=list)
    away: int = 0
    wall: float = 0.0


class FailedError(Exception):
    """An answer that is none; the first of its bytes."""


class Client(asyncio.Protocol):
    """A connection that is kept, for one request at a time."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._whole = -1
        self._answered: asyncio.Future[tuple[int, bytes]] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def ask(self, request: bytes) -> "asyncio.Future[tuple[int, bytes]]":
        """Status, and all bytes of the answer."""
        assert self._transport is not None
        self._buffer, self._whole = bytearray(), -1
        self._answered = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._answered

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._whole < 0 and (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._buffer[:end]).lower()
            self._whole = end + 4 + int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
        if 0 <= self._whole <= len(self._buffer) and self._answered is not None and not self._answered.done():
            self._answered.set_result((int(self._buffer[9:12]), bytes(self._buffer)))

    def connection_lost(self, error: Exception | None) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(FailedError(f"the connection was closed: {error}"))

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


def request(path: str, body: bytes) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


async def run(order: Order) -> Found:
    """Raises FailedError at the first answer that is neither good nor one that sends away."""
    requests, found = [request(order.path, body) for body in order.bodies], Found()
    loop = asyncio.get_running_loop()
    made = [await loop.create_connection(Client, "127.0.0.1", order.port) for _ in range(order.connections)]
    started = time.perf_counter()
    until = started + order.seconds

    async def ask(client: Client, place: int) -> None:
        while True:
            began = time.perf_counter()
            status, answer = await asyncio.wait_for(client.ask(requests[place % len(requests)]), PATIENCE)
            if status in AWAY:
                found.away += 1
                await asyncio.sleep(AWAY[status])
                continue
            if status != 200:
                raise FailedError(answer[-500:].decode(errors="replace"))
            found.took.append(1000 * (time.perf_counter() - began))
            place += 1
            if time.perf_counter() >= until:
                return

    try:
        await asyncio.gather(*(ask(client, place) for place, (_, client) in enumerate(made)))
    finally:
        for _, client in made:
            client.close()
    found.wall = time.perf_counter() - started
    return found


def main() -> int:
    asked = json.load(sys.stdin)
    order = Order(**{**asked, "bodies": [base64.b64decode(body) for body in asked["bodies"]]})
    try:
        found = asyncio.run(run(order))
    except (FailedError, OSError, TimeoutError) as error:
        sys.stderr.write(f"{order.path}: {error}\n")
        return 1
    json.dump(asdict(found), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
