"""The same work through a real MLflow server, as a team runs it: the store and its artifacts are elsewhere."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from components.core.bundle import bundle_md5
from components.core.errors import CasebookError
from components.registry.champion import champion_at, rival_of
from components.registry.finding import open_registry, served
from components.registry.keep import all_of, experiment_of, surplus
from components.registry.ledger import history
from components.registry.promote import rollback, settle
from components.registry.purge import bytes_of, delete
from components.registry.register import bundle_of, model_of, register
from components.registry.rename import rename
from components.registry.trace import trace
from components.serving.finding import Finding
from components.tracking.reading.database import Database
from components.tracking.reading.server import Server
from components.tracking.runs import new_run, parent_run
from components.tracking.track import Tracker, connect
from tests.components.registry.conftest import child_environment
from tests.components.registry.reading import everything, files
from tests.components.registry.toys import CASE, METRICS, PASSED, make_release

PATIENCE = 300.0  # seconds; only a failure takes so long


@pytest.fixture
def server(fresh_store: Path, tmp_path: Path) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """Its address and its process, over a copy of the fresh store."""
    home = tmp_path / "server"
    shutil.copytree(fresh_store, home)
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["--backend-store-uri", f"sqlite:///{home}/mlflow.db", "--artifacts-destination", str(home / "artifacts")]
    with (tmp_path / "server.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "mlflow", "server", *words, "--port", str(port), "--workers", "1"],
            cwd=home,
            env={**child_environment(), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=30).close()
                break
            except OSError:
                assert process.poll() is None, (tmp_path / "server.log").read_text()
                assert time.monotonic() < deadline, (tmp_path / "server.log").read_text()
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}", process
    finally:
        stop(process)


def stop(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.mark.slow
@pytest.mark.usefixtures("toy")
def test_runs_models_and_ledger_live_on_the_server(
    server: tuple[str, "subprocess.Popen[bytes]"], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri, process = server
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    tracker = connect(checkout)
    with parent_run(tracker, CASE, tmp_path / "state", "fit", {}) as run:
        tracker.log_params(run, {"fit": {"lr": 0.1, "long": "x" * 700}})
        tracker.log_note(run, "# Card\n", "card.md")
    assert tracker.client.get_run(run).info.status == "FINISHED"
    for income in (0.1, 0.2):
        release = make_release(tracker, income)
        version = register(tracker, release)
        assert register(tracker, release) == version
        settle(tracker, CASE, version, PASSED, METRICS, rival_of(tracker, CASE, version))
        assert bundle_md5(bundle_of(tracker, CASE, version)) == bundle_md5(release.bundle)
    assert not model_of(tracker, CASE, "2").is_relative_to(tmp_path / "server")  # downloaded, not peeked at
    assert trace(tracker, CASE)["version"] == "2"
    rollback(tracker, CASE)
    now = champion_at(connect(checkout), CASE)
    assert now is not None
    assert now["version"] == "1"
    assert [one.action for one in history(tracker, CASE)] == ["promoted", "promoted", "rolled_back"]
    assert not (checkout / "mlflow.db").exists()
    assert not (checkout / "mlartifacts").exists()
    assert_read_alike(tracker, checkout, tmp_path / "server" / "mlflow.db")
    stop(process)
    with pytest.raises(CasebookError, match=r"http://127\.0\.0\.1:\d+: the MLflow store does not answer"):
        connect(checkout)


def assert_read_alike(tracker: Tracker, checkout: Path, database: Path) -> None:
    """By MLflow's client, over REST, and from the database behind the server."""
    rest = open_registry(checkout)
    assert isinstance(rest, Server)
    behind = Database(checkout, f"sqlite:///{database}", database)
    assert everything(rest) == everything(tracker) == everything(behind)
    assert files(rest) == files(tracker)
    assert None not in files(rest)[:3]
    assert files(rest)[3:] == [None, None]
    assert trace(rest, CASE) == trace(tracker, CASE)
    assert rest.model_folder(CASE, "1") is None  # the server's, elsewhere
    assert bundle_md5(served(rest, CASE, "2").bundle) == bundle_md5(bundle_of(tracker, CASE, "2"))
    brought = Finding().found(checkout, CASE, "2").bundle
    assert brought.is_relative_to(checkout / "state" / "serving" / CASE)
    assert bundle_md5(brought) == bundle_md5(bundle_of(tracker, CASE, "2"))
    (brought / "weights.json").write_text("{}")  # it is brought again
    assert bundle_md5(Finding().found(checkout, CASE, "2").bundle) == bundle_md5(bundle_of(tracker, CASE, "2"))


@pytest.mark.slow
@pytest.mark.usefixtures("toy")
def test_what_goes_from_a_server_goes_with_its_artifacts_and_frees_its_name(
    server: tuple[str, "subprocess.Popen[bytes]"], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server[0])
    (tmp_path / "checkout").mkdir()
    tracker = connect(tmp_path / "checkout")
    for income in (0.1, 0.2, 0.3):
        run = new_run(tracker, CASE, "fit", {})
        tracker.client.log_text(run, "x" * 100, "note.txt")
        register(tracker, replace(make_release(tracker, income), run=run))
    rename(tracker, CASE, "renamed")

    def kept() -> int:
        return sum(path.stat().st_size for path in (tmp_path / "server" / "artifacts").rglob("*") if path.is_file())

    doomed, before = surplus(tracker, "renamed", 2), kept()
    assert (doomed.versions, len(doomed.models), len(doomed.runs)) == (("1",), 1, 1)
    of_models, of_runs = bytes_of(tracker, doomed)
    delete(tracker, "renamed", doomed)
    assert (of_runs, before - kept()) == (100, of_models + 100)
    again = surplus(tracker, "renamed", 2)
    assert (again.versions, again.models, again.runs) == ((), (), ())
    assert bundle_of(tracker, "renamed", "3").is_dir()
    delete(tracker, "renamed", all_of(tracker, "renamed"))
    assert (kept(), experiment_of(tracker, "renamed")) == (0, None)
    assert (
        register(tracker, replace(make_release(tracker), case="renamed", run=new_run(tracker, "renamed", "x", {})))
        == "1"
    )
