"""The case's toy rows through its own data stage."""

import runpy
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.core.files import dvc_md5, write_json
from components.core.job import PREPARED_FILES, TEST, TRAIN, VALIDATION, Job, Meta, Paths
from components.core.params.case import CaseParams
from components.core.recipe import make_job
from components.recipes.next_item.encoding.catalogue import read_catalogue
from components.recipes.next_item.encoding.histories import questions, read_histories
from components.recipes.next_item.preparation.preparation import prepare
from tests.forks import Forks
from tests.toy.jobs import CHECKOUT, TOY

CASE = "recommender"
FILES = ("interactions.csv", "users.csv", "items.csv")
PREPARE = {
    "file": "interactions.csv",
    "missing": [],
    "columns": {"user": "user_id", "item": "item_id", "time": "timestamp", "rating": "rating"},
    "time_unit": "seconds",
    "rating_bands": 10,
    "users": {
        "file": "users.csv",
        "id": "user_id",
        "columns": {
            "age": {"column": "age", "kind": "band", "edges": [25.0, 40.0]},
            "gender": {"column": "gender", "kind": "category"},
            "occupation": {"column": "occupation", "kind": "category"},
        },
    },
    "items": {
        "file": "items.csv",
        "id": "item_id",
        "title": "title",
        "columns": {
            "genres": {"column": "genres", "kind": "set", "separator": "|"},
            "year": {"column": "year", "kind": "band", "edges": [1980.0, 1990.0]},
        },
    },
    "duplicates": "drop",
    "k_core": {"user": 3, "item": 1},
    "split": {"by": "leave_one_out"},
    "max_rejected": 0.0,
    "memory_limit": "200MB",
    "threads": 1,
}


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    job = make_job(
        CASE,
        CaseParams.model_construct(recipe="next_item", prepare=PREPARE),
        Paths(tmp_path_factory.mktemp("checkout")),
        smoke=True,
    )
    raw = job.paths.raw(CASE)
    raw.mkdir(parents=True)
    for name in FILES:
        shutil.copy(TOY / CASE / name, raw / name)
    write_json(raw / "source.json", {"kind": "file"})
    return job


def test_toy_rows_are_prepared(job: Job) -> None:
    meta = prepare(job)
    folder = job.paths.prepared(CASE)
    assert Meta.read(folder) == meta
    assert meta.rejected == {}
    events = len(pd.read_csv(TOY / CASE / "interactions.csv"))
    assert meta.rows == {"train": events - 120, "validation": 60, "test": 60, "rejected": 0}
    assert (meta.data["users"], meta.data["items"]) == (60, 79)  # film 80 is never watched
    catalogue = read_catalogue(folder)
    assert {each.name: each.size for each in catalogue.item_features} == {"genres": 6, "year": 4}
    assert {each.name: each.size for each in catalogue.user_features} == {"age": 4, "gender": 3, "occupation": 5}
    assert catalogue.titles[0] == "Comedy 1, The"
    first = dvc_md5(folder)
    prepare(job)
    assert dvc_md5(folder) == first


def test_targets_are_those_of_a_stable_sort(job: Job) -> None:
    meta = prepare(job)
    folder = job.paths.prepared(CASE)
    raw = pd.read_csv(TOY / CASE / "interactions.csv").sort_values(["user_id", "timestamp"], kind="stable")
    ids = read_catalogue(folder).item_ids
    for split, place in ((TEST, -1), (VALIDATION, -2)):
        users, items = questions(folder, split)
        assert users.tolist() == list(range(60))
        assert ids[items].astype(int).tolist() == raw.groupby("user_id")["item_id"].nth(place).tolist()
    histories = read_histories(folder, [TRAIN, VALIDATION, TEST])
    assert ids[histories.item].astype(int).tolist() == raw["item_id"].tolist()
    assert histories.rating.tolist() == raw["rating"].tolist()
    train = pd.read_parquet(folder / PREPARED_FILES[TRAIN])
    assert (meta.data["first_time"], meta.data["last_time"]) == (train["time"].min(), train["time"].max())


def test_toy_rows_hold_something_to_learn_and_ties_to_tell_apart() -> None:
    raw = pd.read_csv(TOY / CASE / "interactions.csv")
    assert raw.duplicated(["user_id", "timestamp"], keep=False).mean() > 0.5
    ordered = raw.sort_values(["user_id", "timestamp"], kind="stable")
    following = ordered.groupby("user_id")["item_id"].shift(-1)
    asked = following.notna()
    assert np.mean((following == ordered["item_id"] + 1)[asked]) > 0.6


def test_toy_rows_are_those_of_their_script(tmp_path: Path) -> None:
    script = shutil.copy(TOY / "make_recommender.py", tmp_path)
    runpy.run_path(str(script), run_name="__main__")
    for name in FILES:
        assert (tmp_path / CASE / name).read_bytes() == (TOY / CASE / name).read_bytes()


def test_preparing_imports_nothing_heavy(data_forks: Forks) -> None:
    """The data stages are to start quickly; a fresh process tells what they import."""
    program = (
        "import sys, components.recipes.next_item.preparation.preparation; "
        "import components.recipes.next_item.encoding.histories; "
        "print(*sorted({'torch', 'lightning', 'mlflow', 'sklearn', 'scipy', 'prefect', 'dvc'} & sys.modules.keys()))"
    )
    result = data_forks.run("-c", program, cwd=CHECKOUT)
    assert (result.returncode, result.stdout.split()) == (0, []), result.stderr
