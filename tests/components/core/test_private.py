"""Who may read what holds rows of people."""

import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from components.core.private import is_shared, private_database, private_file, private_folder


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def share(root: Path, text: str = "operate: {shared: true}") -> None:
    (root / "params.yaml").write_text(f"{text}\n", encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, False),
        ("operate: {shared: true}", True),
        ("operate: {shared: false}", False),
        ("operate: {}", False),
        ("cases: {}", False),
        ("operate: [", False),
    ],
)
def test_a_checkout_is_shared_where_its_params_say_so(tmp_path: Path, text: str | None, expected: bool) -> None:
    if text is not None:
        share(tmp_path, text)
    assert is_shared(tmp_path) is expected


@pytest.mark.parametrize(("shared", "folder", "file"), [(False, 0o700, 0o600), (True, 0o770, 0o660)])
def test_others_are_kept_out(tmp_path: Path, shared: bool, folder: int, file: int) -> None:
    if shared:
        share(tmp_path)
    (tmp_path / "old").mkdir()
    (tmp_path / "old").chmod(0o2755)  # its group is that of new files, which stays
    assert mode(private_folder(tmp_path / "new", tmp_path)) == folder
    assert mode(private_folder(tmp_path / "old", tmp_path)) == 0o2000 | folder
    (tmp_path / "rows.parquet").write_bytes(b"rows")
    (tmp_path / "rows.parquet").chmod(0o644)
    private_file(tmp_path / "rows.parquet", tmp_path)
    private_file(tmp_path / "new" / "empty", tmp_path)
    assert mode(tmp_path / "rows.parquet") == mode(tmp_path / "new" / "empty") == file
    assert (tmp_path / "rows.parquet").read_bytes() == b"rows"


def test_a_database_is_private_with_what_sqlite_keeps_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "state" / "study.db"
    path.parent.mkdir()
    before = os.umask(0)
    try:
        private_database(f"sqlite:///{path}", tmp_path)
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("pragma journal_mode=wal")
            connection.execute("create table one (two)")
            assert {mode(one) for one in path.parent.iterdir()} == {0o600}
            assert len([*path.parent.iterdir()]) == 3
    finally:
        os.umask(before)
    private_database("postgresql://host/name", tmp_path)
    private_database("sqlite:///:memory:", tmp_path)
    private_database(f"sqlite:///{tmp_path}/not/there.db", tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["state"]
