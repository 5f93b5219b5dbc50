"""Real packages, made here, and an index on this machine that serves them."""

import gzip
import io
import os
import tarfile
import threading
import zipfile
from collections.abc import Iterator, Mapping
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from components.core.params.source import Limits, Member, Package, WheelSource

Files = Mapping[str, bytes]


class Make:
    """Builders of packages named `rows`, and of the params that name them."""

    wheel_time = (2024, 6, 19, 15, 4, 42)
    sdist_time = 1_700_000_000

    @classmethod
    def wheel(cls, folder: Path, files: Files, version: str = "1.0") -> Path:
        info = f"rows-{version}.dist-info"
        described = {
            **files,
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: rows\nVersion: {version}\n".encode(),
            f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            f"{info}/RECORD": b"",
        }
        path = folder / f"rows-{version}-py3-none-any.whl"
        path.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in described.items():
                archive.writestr(zipfile.ZipInfo(name, cls.wheel_time), content)
        return path

    @classmethod
    def sdist(cls, folder: Path, files: Files, version: str = "1.0") -> Path:
        path = folder / f"rows-{version}.tar.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        described = {"PKG-INFO": f"Metadata-Version: 2.1\nName: rows\nVersion: {version}\n".encode(), **files}
        with gzip.GzipFile(path, "wb", mtime=0) as compressed, tarfile.open(fileobj=compressed, mode="w") as archive:
            for name, content in described.items():
                info = tarfile.TarInfo(f"rows-{version}/{name}")
                info.size, info.mtime = len(content), cls.sdist_time
                archive.addfile(info, io.BytesIO(content))
        return path

    @staticmethod
    def member(path: str, content: bytes, to: str | None = None, form: str = "bytes") -> Member:
        digest = sha256(content).hexdigest()
        return Member(path=path, to=Path(path).name if to is None else to, sha256=digest, format=form)

    @staticmethod
    def source(
        *members: Member,
        requirement: str = "rows==1.0",
        archive: str = "wheel",
        further: tuple[Package, ...] = (),
        limits: Limits | None = None,
    ) -> WheelSource:
        return WheelSource(
            kind="wheel",
            requirement=requirement,
            archive=archive,
            watch="LICENSE",
            members=members,
            further=further,
            limits=limits or Limits(),
            licence="CC0",
            citation="made by a test",
        )


@pytest.fixture
def make() -> type[Make]:
    return Make


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep this machine's settings of pip out of the tests."""
    for name in [*os.environ]:
        if name.startswith("PIP_") or name == "CASEBOOK_MIRROR":
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of archives that is all that pip can find."""
    folder = tmp_path / "links"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")  # nobody listens on port 9
    monkeypatch.setenv("PIP_RETRIES", "0")


class Index:
    """What the HTTP index has and what was asked of it. While `stalled`, only half an archive is sent."""

    def __init__(self) -> None:
        self.archives: dict[str, bytes] = {}
        self.digests: dict[str, str] = {}
        self.sent: list[str] = []
        self.stalled = False
        self.half_sent = threading.Event()
        self.closing = threading.Event()

    def add(self, path: Path, digest: str | None = None) -> None:
        self.archives[path.name] = path.read_bytes()
        self.digests[path.name] = digest or sha256(path.read_bytes()).hexdigest()

    def page(self) -> bytes:
        return "<br>".join(
            f'<a href="/{name}#sha256={self.digests[name]}">{name}</a>' for name in self.digests
        ).encode()


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    """A package index over HTTP, pip's only one."""
    state = Index()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.strip("/")
            body = state.page() if name == "simple/rows" else state.archives.get(name)
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Type", "text/html" if name.startswith("simple") else "application/octet-stream")
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            if name in state.archives:
                state.sent.append(name)
                if state.stalled:
                    self.wfile.write(body[: len(body) // 2])
                    state.half_sent.set()
                    state.closing.wait()
                    return
            self.wfile.write(body or b"")

        def log_message(self, *_: object) -> None:
            """Say nothing: the answer is what is tested."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.server_port}/simple")
    yield state
    state.closing.set()
    server.shutdown()
    server.server_close()
