"""The newest rows from a database, and outcomes that came later; what is wrong with either is one message."""

import sqlite3
from pathlib import Path

import pandas as pd
import pytest

from components.core.closure import closure
from components.core.errors import CasebookError
from components.core.params.monitor import SqlRows
from components.monitoring import rows as module
from components.monitoring.rows import query_rows, with_labels
from tests.toy.jobs import CHECKOUT

ASK = "select id, Age, Home from applications order by id"


@pytest.fixture
def database(tmp_path, monkeypatch):
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.execute("create table applications (id integer, Age real, Home text, Status text)")
        rows = [(number, 20.5 + number, None if number == 2 else "rent", None) for number in range(5)]
        connection.executemany("insert into applications values (?, ?, ?, ?)", rows)
    monkeypatch.setenv("SHOP_URL", f"sqlite:///{path}")
    return path


def query(text=ASK, variable="SHOP_URL"):
    return SqlRows(kind="sql", variable=variable, query=text)


def test_rows_come_in_batches_with_the_names_of_the_query(database, monkeypatch):  # noqa: ARG001
    monkeypatch.setattr(module, "BATCH", 2)
    frames = list(query_rows(query()))
    assert [len(frame) for frame in frames] == [2, 2, 1]
    whole = pd.concat(frames, ignore_index=True)
    assert list(whole.columns) == ["id", "Age", "Home"]
    assert whole["Age"].tolist() == [20.5, 21.5, 22.5, 23.5, 24.5]
    assert whole["Home"].isna().tolist() == [False, False, True, False, False]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("select id from nowhere", "no such table: nowhere; correct SHOP_URL or the query"),
        ("selec id", 'near "selec": syntax error'),
        ("select * from applications where id > 99", "the query of operate.monitor answers no rows"),
        ("select id, Age as id from applications", "the query answers two columns named 'id'"),
    ],
)
def test_what_is_wrong_with_a_query_is_said_in_a_line(database, text, said):  # noqa: ARG001
    with pytest.raises(CasebookError) as error:
        list(query_rows(query(text)))
    assert said in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (None, "SHOP_URL: not set, and operate.monitor names it"),
        ("not an address", "SHOP_URL: not an address of a database"),
        ("nosuchdb://host/name", "nosuchdb://host/name: Can't load plugin"),
        ("postgresql+psycopg://u:s3cret@127.0.0.1:1/x?connect_timeout=2", "postgresql+psycopg://u:***@127.0.0.1:1/x"),
    ],
)
def test_an_address_that_leads_nowhere_is_said_without_its_password(monkeypatch, address, said):
    monkeypatch.delenv("SHOP_URL", raising=False)
    if address is not None:
        monkeypatch.setenv("SHOP_URL", address)
    with pytest.raises(CasebookError) as error:
        list(query_rows(query()))
    assert said in str(error.value)
    assert "s3cret" not in str(error.value)


def as_name(cells: pd.Series) -> pd.Series:
    return cells.astype(str).str.removesuffix(".0")


def joined(labels: pd.DataFrame, key=("id",)) -> pd.DataFrame:
    return with_labels(ROWS, "shop", [labels[:2], labels[2:]], key, ["Status"], as_name=as_name)


ROWS = pd.DataFrame({"id": ["1", "2", "3"], "Age": [30, 40, 50], "Status": ["good", "good", "good"]})


def test_labels_find_their_rows_by_the_key_in_any_type_and_those_that_have_none_stay_empty():
    found = joined(pd.DataFrame({"id": [3.0, 1.0, 9.0], "Status": ["bad", "good", "bad"]}))
    assert found["Status"].fillna("none").tolist() == ["good", "none", "bad"]
    assert found["Age"].tolist() == [30, 40, 50]


@pytest.mark.parametrize(
    ("labels", "key", "said"),
    [
        ({"id": ["1", "1.0"], "Status": ["bad", "good"]}, ["id"], "shop: the labels have 1 key(s) twice"),
        ({"number": [1], "Status": ["bad"]}, ["id"], "shop: the labels lack column(s) id; there are: number, Status"),
        ({"id": [1], "State": ["bad"]}, ["id"], "shop: the labels lack column(s) Status"),
        ({"id": [1], "Status": ["bad"], "who": ["me"]}, ["id", "who"], "shop: the rows lack column(s) who"),
        ({"id": [1], "Status": ["bad"]}, [], "labels need columns that name a row; write them into prepare.key"),
    ],
)
def test_labels_that_do_not_fit_are_refused(labels, key, said):
    with pytest.raises(CasebookError) as error:
        joined(pd.DataFrame(labels), key)
    assert said in str(error.value)


def test_a_comparison_knows_no_kind_of_rows():
    """All of `components.monitoring`, and what it imports anywhere, is of no recipe and of no kind of data."""
    packages = {"components/recipes/__init__.py"}  # through which recipes are found by name
    names = [f"components.monitoring.{path.stem}" for path in Path(module.__file__).parent.glob("*.py")]
    loaded = {path.relative_to(CHECKOUT).as_posix() for path in closure(CHECKOUT, names)} - packages
    assert "components/monitoring/drift.py" in loaded
    assert [name for name in sorted(loaded) if name.startswith(("components/recipes/", "components/kits/"))] == []
