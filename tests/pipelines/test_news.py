"""A case of a database: written by `casebook new --query`, and brought up to date by a look at its marks."""

import shutil
import sqlite3
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml

from components.core.files import read_json
from components.core.job import Meta, Paths
from components.core.params.load import load_params
from components.core.recipe import make_job
from components.sources.fetch import fetch as fetch_source
from pipelines.commands.newasked import Asked
from pipelines.commands.newquery import new_query
from pipelines.commands.smoke import SMOKE, bring_mark
from pipelines.leaving.remove import plan
from pipelines.news import look_at_database
from pipelines.retrain import pinned
from pipelines.steps import fetch, prepare

ROOT = Path(__file__).resolve().parents[2]
TOY_ROWS = ROOT / "tests" / "toy" / "finance_risk" / "rows.csv"
QUERY = "select rowid as number, * from loans"
ASKED = Asked("Status", None, None, None, 1.0)


@pytest.fixture
def root(tmp_path, monkeypatch):
    shutil.copyfile(ROOT / "params.yaml", tmp_path / "params.yaml")
    monkeypatch.chdir(tmp_path)
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        pd.read_csv(TOY_ROWS).to_sql("loans", connection, index=False)
    monkeypatch.setenv("SHOP_URL", "sqlite:///shop.db")
    return tmp_path


def make(root: Path) -> None:
    new_query(root, "loans", "finance_risk", QUERY, "SHOP_URL", "number", ASKED, dry_run=False)


def test_a_query_becomes_a_case_whose_rows_can_be_prepared(root):
    make(root)
    stated = yaml.safe_load((root / "params.yaml").read_text(encoding="utf-8"))["cases"]["loans"]["source"]
    assert (stated["variable"], stated["query"], stated["watermark"]) == ("SHOP_URL", QUERY, "number")
    job = make_job("loans", load_params(root / "params.yaml").case("loans"), Paths(root))
    assert pinned(job.params.source) is None
    fetch.run(job)
    prepare.run(job)
    rows = len(pd.read_csv(TOY_ROWS))
    meta = Meta.read(job.paths.prepared("loans"))
    assert 0.99 * rows <= sum(meta.rows.values()) <= rows
    origin = read_json(job.paths.raw("loans") / "source.json")
    assert (origin["query"], origin["watermark"]) == (QUERY, "number")
    assert "sqlite" not in str(origin)


def test_a_look_says_what_came_and_keeps_it_for_the_stage_fetch(root):
    make(root)
    rows = len(pd.read_csv(TOY_ROWS))
    assert look_at_database("loans", root) == f"loans: nothing beyond number {rows}"
    with sqlite3.connect(root / "shop.db") as connection:
        connection.execute("insert into loans select * from loans where rowid < 4")
    assert look_at_database("loans", root) == f"loans: +3 rows from number {rows} to {rows + 3}"
    assert read_json(root / "data" / "watermarks" / "loans.json")["until"] == str(rows + 3)
    assert look_at_database("finance_risk", root) is None


def test_a_smoke_run_reads_up_to_the_mark_of_the_checkout(root):
    make(root)
    source = load_params(root / "params.yaml").case("loans").source
    bring_mark(source, root, root / SMOKE / "loans")
    fetch_source(source, root / "raw", root / SMOKE / "loans", root / "cache")
    assert pq.read_metadata(root / "raw" / "rows.parquet").num_rows == len(pd.read_csv(TOY_ROWS))


def test_a_dry_new_leaves_nothing(root):
    before = (root / "params.yaml").read_bytes()
    block = new_query(root, "loans", "finance_risk", QUERY, "SHOP_URL", None, ASKED, dry_run=True)
    assert block["source"]["watch"] == "data/watermarks/loans.json"
    assert (root / "params.yaml").read_bytes() == before
    assert not (root / "data").exists()


def test_what_leaves_with_a_case_of_a_database_has_its_mark(root):
    make(root)
    (root / ".dvc").mkdir()
    (root / ".dvc" / "config").write_text("[core]\n    no_scm = True\n", encoding="utf-8")
    leaving = {one.what for one in plan(root, "loans", registry=False)}
    assert "data/watermarks/loans.json" in leaving
