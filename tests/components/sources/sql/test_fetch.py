"""Rows of a query as Parquet: what types they have, in which order they stand, and up to which mark they are read."""

import sqlite3
import tracemalloc
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.core.errors import CasebookError
from components.core.params.source import SqlSource
from components.sources.fetch import fetch
from components.sources.sql import fetch as module
from components.sources.sql.watermark import Mark, look

ROWS = [(number, 1000 + number // 2, 20.5 + number, None if number == 2 else "rent") for number in range(5)]


@pytest.fixture
def shop(tmp_path, monkeypatch):
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.execute("create table loans (id integer, closed integer, age real, home text)")
        connection.executemany("insert into loans values (?, ?, ?, ?)", reversed(ROWS))
    monkeypatch.setenv("SHOP_URL", f"sqlite:///{path}")
    return path


def source(query="select * from loans", watermark: str | None = "closed", order=("id",)):
    return SqlSource(
        kind="sql",
        variable="SHOP_URL",
        query=query,
        watermark=watermark,
        order=order,
        watch="data/watermarks/loans.json",
        to="rows.parquet",
        licence="own",
        citation="own",
    )


def fetched(asked: SqlSource, root: Path) -> pa.Table:
    fetch(asked, root / "raw", root, root / "cache")
    return pq.read_table(root / "raw" / "rows.parquet")


def brought(asked: SqlSource, root: Path) -> pa.Table:
    look(asked, root)
    return fetched(asked, root)


def test_rows_stand_in_the_order_of_the_watermark_and_of_the_columns_after_it(shop, tmp_path, monkeypatch):  # noqa: ARG001
    monkeypatch.setattr(module, "BATCH", 2)
    assert look(source(), tmp_path) == (None, Mark("closed", 1002, 5))
    table = fetched(source(), tmp_path)
    assert table.to_pylist() == [dict(zip(("id", "closed", "age", "home"), row, strict=True)) for row in ROWS]
    assert [str(kind) for kind in table.schema.types] == ["int64", "int64", "double", "string"]
    assert sorted(path.name for path in (tmp_path / "raw").iterdir()) == ["rows.parquet", "source.json"]


def test_rows_beyond_the_mark_wait_for_the_next_look_and_the_bytes_are_the_same_until_then(shop, tmp_path):
    look(source(), tmp_path)
    first = fetched(source(), tmp_path).num_rows, (tmp_path / "raw" / "rows.parquet").read_bytes()
    with sqlite3.connect(shop) as connection:
        connection.execute("insert into loans values (9, 1003, 60.0, 'own')")
    again = fetched(source(), tmp_path).num_rows, (tmp_path / "raw" / "rows.parquet").read_bytes()
    assert again == first
    before, now = look(source(), tmp_path)
    assert (before, now) == (Mark("closed", 1002, 5), Mark("closed", 1003, 6))
    assert fetched(source(), tmp_path)["id"].to_pylist() == [0, 1, 2, 3, 4, 9]


def test_a_look_that_finds_nothing_new_leaves_the_file_as_it_is(shop, tmp_path):  # noqa: ARG001
    look(source(), tmp_path)
    file = tmp_path / "data" / "watermarks" / "loans.json"
    at = file.stat().st_mtime_ns
    look(source(), tmp_path)
    assert file.stat().st_mtime_ns == at


def test_a_type_that_only_a_later_batch_knows_holds_for_the_column(shop, tmp_path, monkeypatch):  # noqa: ARG001
    monkeypatch.setattr(module, "BATCH", 2)
    asked = source(
        "select id, case when id < 2 then null when id < 4 then id else id + .5 end as x, null as y from loans"
    )
    asked = asked.model_copy(update={"watermark": None})
    look(asked, tmp_path)
    table = fetched(asked, tmp_path)
    assert table["x"].to_pylist() == [None, None, 2.0, 3.0, 4.5]
    assert str(table.schema.field("y").type) == "string"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("select * from nowhere", "no such table: nowhere; correct SHOP_URL or the query"),
        ("select * from loans where id > 99", "the query of the source answers no rows"),
        ("select id, closed, nullif(id, 2) as n from loans", "n (the watermark) is null in 1 of 5 rows"),
        ("delete from loans", "correct SHOP_URL or the query"),
        ("select id, closed, age as id from loans", "two columns named"),
        ("select id as no, closed from loans", "the query answers no column 'id'"),
    ],
)
def test_a_query_that_cannot_be_read_is_told_in_a_line_and_changes_nothing(shop, tmp_path, query, said):
    asked = source(query, watermark="n" if " n " in query else "closed")
    with pytest.raises(CasebookError) as error:
        brought(asked, tmp_path)
    assert said in str(error.value)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "raw").exists()
    with sqlite3.connect(shop) as connection:
        assert connection.execute("select count(*) from loans").fetchone() == (5,)


def test_a_column_of_two_types_is_named_with_both(shop, tmp_path):
    with sqlite3.connect(shop) as connection:
        connection.execute("update loans set age = 'forty' where id = 3")
    look(source(), tmp_path)
    with pytest.raises(CasebookError, match=r"column age of the query holds float \('20.5'\), str \('forty'\)"):
        fetched(source(), tmp_path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "not found; `casebook run CASE --refresh`"),
        ("{", "not what this file holds"),
        ('{"column": "closed", "kind": "integer", "until": "x", "rows": 5}', "not what this file holds"),
        ('{"column": "opened", "kind": "integer", "until": "7", "rows": 5}', "of column opened, where the source has"),
    ],
)
def test_a_file_of_the_mark_that_cannot_be_used_is_told(shop, tmp_path, content, said):  # noqa: ARG001
    path = tmp_path / "data" / "watermarks" / "loans.json"
    path.parent.mkdir(parents=True)
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(CasebookError, match=r"loans\.json") as error:
        fetched(source(), tmp_path)
    assert said in str(error.value)


def test_a_database_that_is_not_there_is_not_made(tmp_path, monkeypatch):
    monkeypatch.setenv("SHOP_URL", f"sqlite:///{tmp_path}/shopp.db")
    with pytest.raises(CasebookError, match=r"shopp\.db: no such database; correct SHOP_URL"):
        look(source(), tmp_path)
    assert not (tmp_path / "shopp.db").exists()


def test_colons_of_a_query_are_no_parameters(shop, tmp_path):  # noqa: ARG001
    asked = source("select id, closed, ':id 12:30 :x' as note from loans;  ")
    assert set(brought(asked, tmp_path)["note"].to_pylist()) == {":id 12:30 :x"}


def test_memory_does_not_grow_with_the_rows(tmp_path, monkeypatch):
    """Four times the rows, and the memory of Python's own objects stays that of a batch."""
    monkeypatch.setattr(module, "BATCH", 500)
    used = []
    for rows in (5_000, 20_000):
        root = tmp_path / str(rows)
        root.mkdir()
        with sqlite3.connect(root / "shop.db") as connection:
            connection.execute("create table loans (id integer, closed integer, note text)")
            many = ((number, number, f"{number:0200d}") for number in range(rows))
            connection.executemany("insert into loans values (?, ?, ?)", many)
        monkeypatch.setenv("SHOP_URL", f"sqlite:///{root}/shop.db")
        look(source(), root)
        tracemalloc.start()
        fetched_rows = fetch(source(), root / "raw", root, root / "cache")
        used.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert fetched_rows is None
        assert pq.read_metadata(root / "raw" / "rows.parquet").num_rows == rows
    assert used[1] < 1.5 * used[0]


def test_postgresql_gives_its_own_types_in_a_transaction_that_may_not_write(database, tmp_path, monkeypatch):
    import psycopg

    with psycopg.connect(database.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(
            'create table loans (id uuid, amount numeric(10, 2), opened timestamptz, day date, note text, "Über" int)'
        )
        connection.execute("create function wipe() returns int language sql as 'delete from loans; select 1'")
        connection.execute("set time zone 'Europe/Berlin'")
        connection.execute(
            "insert into loans values ('00000000-0000-0000-0000-000000000001', 12.50, '2026-06-01 12:00+02', "
            "'2026-06-01', 'a%b', 1), ('00000000-0000-0000-0000-000000000002', null, '2026-01-01 12:00+01', "
            "'2026-01-01', null, null)"
        )
    monkeypatch.setenv("SHOP_URL", database)
    asked = source("select *, note::text as again from loans", "opened", order=("Über",))
    _, now = look(asked, tmp_path)
    assert (now.until, now.rows) == (datetime(2026, 6, 1, 10, tzinfo=UTC), 2)
    assert fetched(asked, tmp_path).to_pylist() == [
        {
            "id": "00000000-0000-0000-0000-000000000002",
            "amount": None,
            "opened": datetime(2026, 1, 1, 11, tzinfo=UTC),
            "day": date(2026, 1, 1),
            "note": None,
            "Über": None,
            "again": None,
        },
        {
            "id": "00000000-0000-0000-0000-000000000001",
            "amount": Decimal("12.50"),
            "opened": datetime(2026, 6, 1, 10, tzinfo=UTC),
            "day": date(2026, 6, 1),
            "note": "a%b",
            "Über": 1,
            "again": "a%b",
        },
    ]
    writing = source("select wipe() as one", watermark=None, order=())
    with pytest.raises(CasebookError, match="read-only transaction"):
        brought(writing, tmp_path)
