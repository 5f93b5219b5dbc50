"""The store: made once, found again, and every way to be out of reach said in one message."""

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from components.core.errors import CasebookError
from components.tracking import store
from components.tracking.address import database_file
from components.tracking.runs import new_run
from components.tracking.store import open_store
from components.tracking.track import Tracker, connect
from tests.components.registry.conftest import Start, child_environment

HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def database(root: Path) -> Path:
    return root / "mlflow.db"


def hold(start: Start, database: Path) -> "subprocess.Popen[str]":
    holder = start(HOLD, str(database), stdin=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    return holder


def test_the_store_is_in_the_checkout_unless_the_environment_names_another(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert open_store(root) == f"sqlite:///{root}/mlflow.db"
    assert "MLFLOW_TRACKING_URI" not in os.environ  # MLflow would have put it there
    shutil.copytree(root, tmp_path / "other")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/other/mlflow.db")
    assert open_store(root) == f"sqlite:///{tmp_path}/other/mlflow.db"
    assert os.environ["MLFLOW_TRACKING_URI"].endswith("/other/mlflow.db")


def test_readers_do_not_wait_for_the_writer(tracker: Tracker, database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        connection.execute("BEGIN IMMEDIATE")
        assert tracker.client.get_experiment_by_name("Default") is not None


def test_a_locked_store_is_one_message_after_a_bounded_wait(
    database: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "PATIENCE", 0.2)
    holder = hold(start, database)
    with pytest.raises(CasebookError) as caught:
        connect(database.parent)
    assert str(caught.value) == (
        f"{database}: the MLflow store is locked by another process (waited 0.2 s); "
        f"end that process (`fuser {database}` names it), then run this again"
    )
    holder.communicate()
    connect(database.parent)


@pytest.mark.slow
def test_a_store_that_is_locked_while_it_is_used_is_the_same_message(
    tracker: Tracker, database: Path, start: Start, capfd: pytest.CaptureFixture[str]
) -> None:
    run = new_run(tracker, "case", "a run", {})
    holder = hold(start, database)
    with pytest.raises(CasebookError, match=r"mlflow\.db: the MLflow store is locked by another process"):
        tracker.log_metrics(run, {"auc": 0.8})  # MLflow itself waits 20 s
    assert "Traceback" not in capfd.readouterr().err
    holder.communicate()
    tracker.log_metrics(run, {"auc": 0.8})
    assert tracker.client.get_run(run).data.metrics == {"auc": 0.8}


@pytest.mark.slow
def test_a_store_that_may_only_be_read_is_one_message(fresh_store: Path) -> None:
    """Root may write any file, so the process that tries is nobody's where the tests are root's."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(fresh_store, folder, dirs_exist_ok=True)
        for path in folder.rglob("*"):
            path.chmod(0o555 if path.is_dir() else 0o444)
        folder.chmod(0o555)
        script = (
            "import os, sys; from components.core.errors import CasebookError; from pathlib import Path\n"
            "from components.tracking.track import connect\n"
            "os.getuid() or os.setuid(65534)\n"
            "try: connect(Path(sys.argv[1]))\n"
            "except CasebookError as error: sys.exit(f'ONE MESSAGE {error}')\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", script, name], env=child_environment(), capture_output=True, text=True, check=False
        )
        folder.chmod(0o755)
        (folder / "mlartifacts").chmod(0o755)
    assert done.returncode == 1
    assert done.stderr.strip() == (
        f"ONE MESSAGE {folder}/mlflow.db: the MLflow store cannot be written (attempt to write a readonly database); "
        "let this user write the file and its folder, or set MLFLOW_TRACKING_URI to another store"
    )


def test_a_folder_or_a_file_that_is_no_database_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "a" / "mlflow.db").mkdir(parents=True)
    with pytest.raises(CasebookError, match=r"a/mlflow\.db: the MLflow store cannot be written \(unable to open"):
        connect(tmp_path / "a")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "mlflow.db").write_text("rows\n" * 1000)
    with pytest.raises(CasebookError, match=r"b/mlflow\.db: not an MLflow store .* move the file away"):
        connect(tmp_path / "b")


def test_a_root_that_cannot_hold_a_store_is_one_message() -> None:
    with pytest.raises(CasebookError, match=r"/proc/mlflow\.db: the MLflow store cannot be written"):
        connect(Path("/proc"))


def test_the_store_of_another_version_of_mlflow_is_one_message(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '451aebb31d03'")
    with pytest.raises(CasebookError, match=r"mlflow\.db: .*mlflow db upgrade"):
        connect(database.parent)


@pytest.mark.parametrize("scheme", ["http", "postgresql"])
def test_a_server_that_does_not_answer_is_one_message_without_its_password(
    root: Path, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    with closing(socket.socket()) as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"{scheme}://ann:secret@127.0.0.1:{port}")
    with pytest.raises(CasebookError) as caught:
        connect(root)
    assert str(caught.value).startswith(f"{scheme}://127.0.0.1:{port}: the MLflow store does not answer (")
    assert "secret" not in str(caught.value)
    assert "MLFLOW_TRACKING_URI" in str(caught.value)


@pytest.mark.slow
def test_artifacts_open_after_the_checkout_has_moved(root: Path, tmp_path: Path, start: Start) -> None:
    """Written by another process: MLflow keeps a run's address as long as a process lives."""
    script = (
        "import sys; from pathlib import Path; from components.tracking.track import connect\n"
        "from components.tracking.runs import new_run\n"
        "tracker = connect(Path(sys.argv[1]))\n"
        "run = new_run(tracker, 'case', 'a run', {})\n"
        "tracker.client.log_text(run, 'hello', 'notes/a.txt')\n"
        "print(run)\n"
    )
    run = start(script, str(root)).communicate()[0].strip()
    moved = root.rename(tmp_path / "moved 100%")
    there = connect(moved)
    location = there.client.get_run(run).info.artifact_uri
    assert location is not None
    assert location.startswith(f"{moved}/mlartifacts/case/")
    assert (Path(location) / "notes" / "a.txt").read_text() == "hello"
    there.client.log_text(run, "again", "notes/b.txt")
    assert {one.path for one in there.client.list_artifacts(run, "notes")} == {"notes/a.txt", "notes/b.txt"}
    experiment = there.client.get_experiment_by_name("case")
    assert experiment is not None
    assert experiment.artifact_location == f"{moved}/mlartifacts/case"


@pytest.mark.parametrize(
    ("uri", "file"),
    [
        ("sqlite:////a/b.db", Path("/a/b.db")),
        ("sqlite:///:memory:", None),
        ("http://host:5000", None),
        ("postgresql://host/db", None),
    ],
)
def test_the_file_of_an_address(uri: str, file: Path | None) -> None:
    assert database_file(uri) == file


@pytest.mark.slow
def test_processes_that_meet_at_a_missing_store_make_one(tmp_path: Path, start: Start) -> None:
    script = (
        "import sys; from pathlib import Path; from components.tracking.track import connect\n"
        "print(connect(Path(sys.argv[1])).experiment('case'))\n"
    )
    started = [start(script, str(tmp_path)) for _ in range(3)]
    ended = [(process.communicate(), process.returncode) for process in started]
    assert [code for _, code in ended] == [0, 0, 0], ended
    assert {out for (out, _), _ in ended} == {"1\n"}
    assert not list(tmp_path.glob(".mlflow*"))


@pytest.mark.slow
def test_a_kill_while_the_store_is_made_leaves_none_and_the_next_start_makes_it(tmp_path: Path, start: Start) -> None:
    script = (
        "import os, sys; from pathlib import Path; from components.tracking.track import connect\n"
        "from mlflow.store.tracking import sqlalchemy_store\n"
        "from mlflow.store.db import utils\n"
        "def kill(engine): os.kill(os.getpid(), 9)\n"
        "utils._verify_schema = kill\n"
        "connect(Path(sys.argv[1]))\n"
    )
    killed = start(script, str(tmp_path))
    killed.communicate()
    assert killed.returncode == -9
    assert not (tmp_path / "mlflow.db").exists()
    assert list(tmp_path.glob(".mlflow*"))
    assert connect(tmp_path).client.get_experiment("0") is not None
    assert not list(tmp_path.glob(".mlflow*"))
