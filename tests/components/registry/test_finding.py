"""What is read from the database is what MLflow says; what is no database of a known kind is left to MLflow."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from components.core.errors import CasebookError
from components.registry.champion import champion_version
from components.registry.finding import Served, open_registry, served
from components.registry.model_files import bundle_in
from components.registry.promote import rollback, settle
from components.registry.register import bundle_of, model_of, register
from components.registry.trace import trace
from components.tracking.reading.database import SCHEMAS, Database
from components.tracking.reading.server import Server
from components.tracking.track import Tracker
from tests.components.registry.reading import everything, files
from tests.components.registry.toys import CASE, FAILED, METRICS, PASSED, make_release

pytestmark = pytest.mark.usefixtures("toy")


@pytest.fixture
def two(tracker: Tracker) -> Tracker:
    """Version 1 was champion, version 2 is."""
    for income in (0.5, 0.6):
        version = register(tracker, make_release(tracker, income))
        settle(tracker, CASE, version, PASSED, METRICS, champion_version(tracker, CASE))
    return tracker


def test_the_database_is_read_as_mlflow_reads_it(two: Tracker, root: Path) -> None:
    registry = open_registry(root)
    assert isinstance(registry, Database)
    refused = register(two, make_release(two, 0.7))
    settle(two, CASE, refused, FAILED, METRICS, "2")
    two.client.set_model_version_tag(CASE, "1", "note", "")
    two.client.set_registered_model_tag(CASE, "owner", "risk team")
    assert everything(registry) == everything(two)
    assert files(registry) == files(two)
    assert None not in files(registry)[:3]
    assert files(registry)[3:] == [None, None]
    for which in ("champion", "candidate", "1"):
        assert trace(registry, CASE, which) == trace(two, CASE, which)
    rollback(two, CASE, None)
    two.client.delete_model_version(CASE, refused)
    two.client.delete_run(two.client.get_model_version(CASE, "1").run_id)
    assert everything(registry) == everything(two)
    assert [champion_version(registry, name) for name in (CASE, "nothing")] == ["1", None]


def test_what_serves_is_the_bundle_of_mlflow(two: Tracker, root: Path) -> None:
    registry = open_registry(root)
    assert served(registry, CASE) == Served("2", bundle_of(two, CASE, "2"), True)
    assert served(registry, CASE, "1") == Served("1", bundle_of(two, CASE, "1"), False)
    assert served(registry, CASE, "candidate").version == "2"
    rollback(two, CASE, None)
    assert served(registry, CASE) == Served("1", bundle_of(two, CASE, "1"), True)


def test_what_is_not_there_is_one_message(tracker: Tracker, root: Path) -> None:
    registry = open_registry(root)
    version = register(tracker, make_release(tracker))
    for case in (CASE, "nothing"):
        with pytest.raises(CasebookError, match=rf"{case}: no champion in sqlite:.*`casebook run {case}` trains"):
            served(registry, case)
    with pytest.raises(CasebookError, match=f"{CASE} has no version '7'"):
        served(registry, CASE, "7")
    assert served(registry, CASE, version) == Served("1", bundle_of(tracker, CASE, "1"), False)
    tracker.client.delete_model_version(CASE, version)
    with pytest.raises(CasebookError, match=f"{CASE} has no version '1'"):
        served(registry, CASE, version)


def test_a_damaged_version_is_said_by_its_files(two: Tracker, root: Path) -> None:
    (bundle_in(model_of(two, CASE, "2")) / "weights.json").write_text("{}")
    registry = open_registry(root)
    with pytest.raises(CasebookError, match=f"{CASE} version 2 cannot be read.*weights.json"):
        served(registry, CASE)
    assert served(registry, CASE, "1").version == "1"


@pytest.mark.usefixtures("two")
def test_a_store_elsewhere_or_of_another_mlflow_is_left_to_mlflow(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(root, moved)  # its addresses are still those of `root`
    assert isinstance(open_registry(moved), Tracker)
    assert isinstance(open_registry(moved), Database)  # MLflow's side has written the new ones
    with monkeypatch.context() as patched:
        patched.setenv("MLFLOW_ENABLE_WORKSPACES", "true")
        assert isinstance(open_registry(root), Tracker)
    with monkeypatch.context() as patched:
        patched.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
        assert isinstance(open_registry(root), Server)
        patched.setenv("MLFLOW_TRACKING_INSECURE_TLS", "true")
        with pytest.raises(CasebookError, match="does not answer"):  # by MLflow's client
            open_registry(root)
    with closing(sqlite3.connect(root / "mlflow.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = 'another'")
    assert isinstance(open_registry(root), Tracker)
    (root / "mlflow.db").write_text("rows\n" * 1000)
    with pytest.raises(CasebookError, match="not an MLflow store"):
        open_registry(root)


def test_a_checkout_without_a_store_has_an_empty_registry_and_none_is_made(tmp_path: Path) -> None:
    registry = open_registry(tmp_path)
    assert registry.registered_model(CASE) is None
    assert registry.model_version(CASE, "1") is None
    assert registry.run_state("f" * 32) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("tracker")
def test_a_store_that_breaks_while_it_is_read_is_one_message(root: Path) -> None:
    registry = open_registry(root)
    (root / "mlflow.db").write_text("rows\n" * 1000)
    with pytest.raises(CasebookError, match="not an MLflow store"):
        registry.registered_model(CASE)


def test_a_server_that_does_not_answer_is_one_message_without_its_password() -> None:
    registry = Server(Path(), "http://ann:secret@127.0.0.1:9")
    with pytest.raises(CasebookError, match=r"http://127\.0\.0\.1:9: the MLflow store does not .*refused") as said:
        registry.registered_model(CASE)
    assert "secret" not in str(said.value)


def test_the_schema_is_that_of_the_installed_mlflow(root: Path) -> None:
    """Else every answer waits for MLflow: look at its new schema, and add its revision."""
    with closing(sqlite3.connect(root / "mlflow.db")) as connection:
        ((revision,),) = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    assert revision in SCHEMAS
