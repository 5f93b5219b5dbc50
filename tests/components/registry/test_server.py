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
from pathlib import Path

import pytest

from components.bundle import bundle_md5
from components.errors import CasebookError
from components.registry.champion import champion_at, rival_of
from components.registry.ledger import history
from components.registry.promote import rollback, settle
from components.registry.register import bundle_of, model_of, register
from components.registry.runs import parent_run
from components.registry.trace import trace
from components.registry.track import connect
from tests.components.registry.conftest import child_environment
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
    stop(process)
    with pytest.raises(CasebookError, match=r"http://127\.0\.0\.1:\d+: the MLflow store does not answer"):
        connect(checkout)
