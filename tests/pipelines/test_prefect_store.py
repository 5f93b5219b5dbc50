"""A damaged database of Prefect is named before Prefect opens it."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from components.core.errors import DamagedError
from pipelines.operating.store import ELSEWHERE, FILE, check_embedded


@pytest.mark.parametrize("how", ["whole", "missing", "empty", "cut", "other"])
def test_only_a_whole_database_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    for name in ELSEWHERE:
        monkeypatch.delenv(name, raising=False)
    if how != "missing":
        with closing(sqlite3.connect(tmp_path / FILE)) as connection, connection:
            connection.execute("create table run as select hex(randomblob(20000)) as name")
        content = (tmp_path / FILE).read_bytes()
        changed = {"empty": b"", "cut": content[:10_000], "other": b"rows\n" * 1000}
        (tmp_path / FILE).write_bytes(changed.get(how, content))
    if how in ("cut", "other"):
        with pytest.raises(DamagedError, match=r"prefect\.db: damaged .* move it away, .*`casebook restore`"):
            check_embedded()
        monkeypatch.setenv(ELSEWHERE[1], "postgresql+asyncpg://host/team")  # then it is not the one in use
    check_embedded()
