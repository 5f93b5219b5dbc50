"""A server on this machine that gives files, and on demand misbehaves as servers and networks do."""

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from components.core.params.source import HttpSource


class Server:
    """`files` by path. `faults` of a path are used up one a request, and after them it is well:
    a number is a status; "break" sends half of what was asked for, "long" and "short" lie about the
    length by 7 bytes, "no length" and "no number" state none, "stall" sends half and then nothing.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.faults: dict[str, list[int | str]] = defaultdict(list)
        self.ranges = True
        self.asked: list[tuple[str, str | None]] = []
        self.lock = threading.Lock()
        self.half_sent, self.closing = threading.Event(), threading.Event()
        self.base = ""

    def add(self, path: str, content: bytes) -> bytes:
        self.files[path] = content
        return content

    def ranges_of(self, path: str) -> list[str | None]:
        return [wanted for asked, wanted in self.asked if asked == path]


@contextmanager
def serving() -> Iterator[Server]:
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with state.lock:
                wanted = self.headers.get("Range")
                state.asked.append((self.path, wanted))
                faults = state.faults[self.path]
                fault = faults.pop(0) if faults else None
            content = state.files.get(self.path)
            status = fault if isinstance(fault, int) else 404 if content is None else 200
            if status != 200 or content is None:
                self.send_error(status)
                return
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and state.ranges else 0
            if start >= len(content) and start:
                self.send_error(416)
                return
            self.answer(content, start, fault)

        def answer(self, content: bytes, start: int, fault: int | str | None) -> None:
            body = content[start:]
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            lie = {"long": 7, "short": -7}.get(str(fault), 0)
            if fault != "no length":
                self.send_header("Content-Length", "a lot" if fault == "no number" else str(len(body) + lie))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if fault in ("break", "stall") else body)
            if fault == "stall":
                self.wfile.flush()
                state.half_sent.set()
                state.closing.wait()

        def log_message(self, *_: object) -> None:
            """Say nothing: the answer is what is tested."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()  # looks often whether to end
    state.base = f"http://127.0.0.1:{server.server_port}"
    try:
        yield state
    finally:
        state.closing.set()
        server.shutdown()
        server.server_close()


def write_manifest(path: Path, files: dict[str, bytes]) -> None:
    """Each file's digest by its path below the base."""
    path.write_text("".join(f"{sha256(content).hexdigest()}  {name}\n" for name, content in files.items()))


def source(base: str, **changes: object) -> HttpSource:
    settings: dict[str, object] = {
        "kind": "http",
        "base": base,
        "manifest": "files.sha256",
        "watch": "files.sha256",
        "connections": 4,
        "retries": 2,
        "timeout": 5.0,
        "licence": "CC0",
        "citation": "made by a test",
    }
    return HttpSource.model_validate(settings | changes)
