"""What is read from the database is what MLflow says; of all else nothing is said here."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from components.registry.local import SCHEMAS, Served, champion_versions, served

from components.registry.champion import champion_version
from components.registry.model_files import bundle_in
from components.registry.promote import rollback, settle
from components.registry.register import bundle_of, model_of, register
from components.tracking.track import Tracker
from tests.components.registry.toys import CASE, METRICS, PASSED, make_release

pytestmark = pytest.mark.usefixtures("toy")


@pytest.fixture
def two(tracker: Tracker) -> Tracker:
    """Version 1 was champion, version 2 is."""
    for income in (0.5, 0.6):
        version = register(tracker, make_release(tracker, income))
        settle(tracker, CASE, version, PASSED, METRICS, champion_version(tracker, CASE))
    return tracker


def test_a_version_and_the_champion_are_those_of_mlflow(two: Tracker, root: Path) -> None:
    assert champion_versions(root) == {CASE: "2"} == {CASE: champion_version(two, CASE)}
    assert served(root, CASE, None) == Served("2", bundle_of(two, CASE, "2"), True)
    assert served(root, CASE, "1") == Served("1", bundle_of(two, CASE, "1"), False)
    rollback(two, CASE, None)
    assert served(root, CASE, None) == Served("1", bundle_of(two, CASE, "1"), True)


def test_a_case_without_a_champion_is_left_to_mlflow(tracker: Tracker, root: Path) -> None:
    version = register(tracker, make_release(tracker))
    assert champion_versions(root) == {}
    assert served(root, CASE, None) is None
    assert served(root, "nothing", None) is None
    assert served(root, CASE, "7") is None
    assert served(root, CASE, "candidate") is None
    assert served(root, CASE, version) == Served("1", bundle_of(tracker, CASE, "1"), False)
    tracker.client.delete_model_version(CASE, version)
    assert served(root, CASE, version) is None


def test_a_damaged_version_is_left_to_mlflow(two: Tracker, root: Path) -> None:
    (bundle_in(model_of(two, CASE, "2")) / "weights.json").write_text("{}")
    assert served(root, CASE, None) is None
    assert served(root, CASE, "1") is not None


@pytest.mark.usefixtures("two")
def test_a_store_elsewhere_or_of_another_mlflow_is_left_to_mlflow(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(root, moved)  # its addresses are still those of `root`
    assert champion_versions(moved) is None
    assert champion_versions(tmp_path / "nothing here") is None
    for name, value in (
        ("MLFLOW_TRACKING_URI", "http://127.0.0.1:9"),
        ("MLFLOW_TRACKING_URI", "sqlite:///:memory:"),
        ("MLFLOW_REGISTRY_URI", "http://127.0.0.1:9"),
        ("MLFLOW_ENABLE_WORKSPACES", "true"),
    ):
        with monkeypatch.context() as patched:
            patched.setenv(name, value)
            assert champion_versions(root) is None
            assert served(root, CASE, None) is None
    with closing(sqlite3.connect(root / "mlflow.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = 'another'")
    assert champion_versions(root) is None
    (root / "mlflow.db").write_text("rows\n" * 1000)
    assert champion_versions(root) is None


def test_the_schema_is_that_of_the_installed_mlflow(root: Path) -> None:
    """Else every answer waits for MLflow: look at its new schema, and add its revision."""
    with closing(sqlite3.connect(root / "mlflow.db")) as connection:
        ((revision,),) = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    assert revision in SCHEMAS
