"""What a server that only answers finds is what MLflow says, and MLflow is not asked for it."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from components.core.errors import CasebookError
from components.registry.champion import champion_version
from components.registry.finding import open_registry, served
from components.registry.model_files import bundle_in
from components.registry.promote import rollback, settle
from components.registry.register import model_of, register
from components.serving.finding import Finding, OwnDatabase, registry_to_read
from components.tracking.track import Tracker
from tests.components.registry.reading import everything, files
from tests.components.registry.toys import CASE, METRICS, PASSED, make_release

pytestmark = pytest.mark.usefixtures("toy")


@pytest.fixture
def two(tracker: Tracker) -> Tracker:
    """Version 1 was champion, version 2 is."""
    for income in (0.5, 0.6):
        version = register(tracker, make_release(tracker, income))
        settle(tracker, CASE, version, PASSED, METRICS, champion_version(tracker, CASE))
    return tracker


def test_it_finds_what_the_other_commands_find(two: Tracker, root: Path) -> None:
    find, registry = Finding(), registry_to_read(root)
    assert isinstance(registry, OwnDatabase)
    assert everything(registry) == everything(two)
    assert files(registry) == files(two)
    for which in (None, "candidate", "1"):
        assert find.found(root, CASE, which) == served(open_registry(root), CASE, which)
    rollback(two, CASE, None)
    assert find.found(root, CASE, None) == served(open_registry(root), CASE)
    assert find.found(root, CASE, "2").is_champion is False
    with pytest.raises(CasebookError, match=r"no champion in sqlite:.*`casebook run nothing` trains"):
        find.found(root, "nothing", None)
    with pytest.raises(CasebookError, match=f"{CASE} has no version '7'"):
        find.found(root, CASE, "7")
    (bundle_in(model_of(two, CASE, "2")) / "weights.json").write_text("{}")
    with pytest.raises(CasebookError, match=f"{CASE} version 2 cannot be read.*weights.json"):
        Finding().found(root, CASE, "2")


@pytest.mark.usefixtures("two")
def test_a_checkout_that_has_moved_is_read_as_it_lies_there(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(root, moved)
    shutil.rmtree(root)
    before = (moved / "mlflow.db").read_bytes()
    assert Finding().found(moved, CASE, None).bundle.is_relative_to(moved)
    with monkeypatch.context() as patched:
        patched.setattr(os, "access", lambda *_: False)  # as in a container with a volume that is read-only
        assert Finding().found(moved, CASE, "1").bundle.is_relative_to(moved)
    assert (moved / "mlflow.db").read_bytes() == before
    with closing(sqlite3.connect(moved / "mlflow.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = 'another'")
    with pytest.raises(CasebookError, match="out-of-date database schema"):  # MLflow's own word
        registry_to_read(moved)
    (moved / "mlflow.db").write_text("rows\n" * 1000)
    with pytest.raises(CasebookError, match=r"mlflow.db: the registry cannot be read \(file is not a database\)"):
        registry_to_read(moved)
