import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from components.core.errors import CasebookError
from components.core.params.source import SqlSource
from components.core.parts import NewEvents
from components.sources.sql.watermark import look
from pipelines.commands.catching_up import CaughtUp, catch_up, fetched, in_words
from tests.toy.jobs import toy_job


def test_a_case_that_keeps_nothing_of_users_has_nothing_to_catch_up_with(tmp_path: Path) -> None:
    with pytest.raises(
        CasebookError, match="finance_risk: a model of the recipe binary keeps nothing of whom it answers"
    ):
        catch_up(toy_job("finance_risk", tmp_path), None)


def test_a_file_that_is_not_there_is_told_before_the_registry_is_asked(tmp_path: Path) -> None:
    with pytest.raises(CasebookError, match=r"new\.csv: not found"):
        catch_up(toy_job("recommender", tmp_path), tmp_path / "new.csv")


def test_a_query_is_asked_for_rows_after_its_mark_too_and_the_mark_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(tmp_path / "shop.db")) as connection, connection:
        connection.execute("create table events as select 1 as user, 10 as item, 100 as moment")
        monkeypatch.setenv("SHOP_URL", f"sqlite:///{tmp_path / 'shop.db'}")
        source = SqlSource(
            kind="sql",
            variable="SHOP_URL",
            query="select * from events",
            watermark="moment",
            order=("user",),
            watch="data/watermarks/shop.json",
            to="events.parquet",
            licence="own",
            citation="own",
        )
        look(source, tmp_path)
        mark = (tmp_path / source.watch).read_bytes()
        connection.execute("insert into events values (1, 11, 200)")
    job = toy_job("recommender", tmp_path)
    job = replace(job, params=job.params.model_copy(update={"source": source}))
    found = fetched(job, tmp_path / "work" / "raw")
    assert pq.read_table(found / "events.parquet")["item"].to_pylist() == [10, 11]
    assert (tmp_path / source.watch).read_bytes() == mark


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (
            4,
            "films: 3 new event(s) of 2 user(s), 1,200 were known; version 7 answers by what was done up to 2026-01-05",
        ),
        (None, "films: nothing new: version 7 knows its users up to 2026-01-05"),
    ],
)
def test_what_came_is_told_with_counts(number: int | None, told: str) -> None:
    until, said = "2026-01-05T00:00:00+00:00", ["1 row(s) are left out: x"]
    events = NewEvents(added=3, users=2, known=1200, until=until, told=said, counts={}, write=Path.mkdir)
    first, second = in_words(CaughtUp("films", "7", number, events))
    assert first.startswith(told)
    assert second == "  1 row(s) are left out: x"
