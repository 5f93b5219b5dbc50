"""Whole runs on tiny files, with the expected rows written out, and free-form ones beside pandas."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from components.core.errors import CasebookError
from components.core.files import dvc_md5
from components.core.forgotten import digest_of
from components.core.job import Meta
from components.recipes.next_item.preparation import preparation
from components.recipes.next_item.preparation.preparation import prepare as prepare_job
from tests.components.recipes.next_item.preparation.events import (
    BY_TIME,
    SPLITS,
    block,
    events,
    prepare,
    prepared,
    three_each,
    with_ids,
)
from tests.examples import examples
from tests.toy.jobs import job_of_block


def test_the_last_two_events_are_asked_and_ties_keep_the_order_of_the_file(tmp_path: Path) -> None:
    rows = [("b", 5, 20), ("a", 1, 30), ("a", 2, 10), ("b", 6, 20), ("a", 3, 30), ("b", 4, 20), ("a", 4, 10)]
    meta = prepare(tmp_path, events(rows), block())
    assert with_ids(tmp_path) == {
        "train": [("a", "2", 3), ("a", "4", 7), ("b", "5", 1)],
        "val": [("a", "1", 2), ("b", "6", 4)],
        "test": [("a", "3", 5), ("b", "4", 6)],
    }
    assert meta.rows == {"train": 3, "validation": 2, "test": 2, "rejected": 0}
    assert (meta.data["first_time"], meta.data["last_time"]) == (10, 20)


@pytest.mark.parametrize("file", ["events.csv", "events.parquet"])
def test_users_who_are_forgotten_leave_no_event(tmp_path: Path, file: str) -> None:
    rows = events([(user, item, 10 * item) for user in (7, 8) for item in (1, 2, 3)]).astype(int)
    meta = prepare(tmp_path, rows, block(file=file, forgotten=[digest_of(["7"])]))
    assert prepared(tmp_path)["users"]["id"].tolist() == ["8"]
    assert meta.rows == {"train": 1, "validation": 1, "test": 1, "rejected": 0}
    assert digest_of(["7"]) not in (tmp_path / "prepared" / "meta.json").read_text(encoding="utf-8")


def test_files_have_the_columns_that_readers_are_promised(tmp_path: Path) -> None:
    meta = prepare(tmp_path, three_each(), block())
    schema = pq.read_schema(tmp_path / "prepared" / "train.parquet")
    assert [str(field.type) for field in schema] == ["int64", "int32", "int32", "int64", "float"]
    assert schema.names == ["event", "user", "item", "time", "rating"]
    tables = prepared(tmp_path)
    assert tables["users"].to_dict("list") == {"id": ["a", "b"]}
    assert tables["items"].drop(columns="title").to_dict("list") == {"id": ["1", "2", "3"], "count": [2, 0, 0]}
    assert tables["items"]["title"].isna().all()
    assert (meta.data["users"], meta.data["items"], meta.data["key"]) == (2, 3, ["event"])
    assert "ties in time in file order" in meta.data["protocol"]
    assert Meta.read(tmp_path / "prepared") == meta
    assert sorted(path.name for path in (tmp_path / "prepared").iterdir()) == sorted(
        [*(f"{name}.parquet" for name in (*tables, "ties")), "meta.json", "told.json"]
    )


def test_a_moment_is_never_cut_by_the_split_by_time(tmp_path: Path) -> None:
    # 10 events: validation begins at the 7th (10 * .6), test at the 9th (10 * .8), whose second the 8th shares.
    times = [1, 2, 3, 4, 5, 6, 7, 9, 9, 10]
    rows = [("a", place, time) for place, time in enumerate(times)]
    prepare(tmp_path, events(rows), block(split=BY_TIME))
    tables = prepared(tmp_path)
    assert [tables[name]["time"].tolist() for name in SPLITS] == [[1, 2, 3, 4, 5, 6], [7], [9, 9, 10]]


def test_only_training_events_count_for_the_core_where_time_splits(tmp_path: Path) -> None:
    old = [("a", 1, 1), ("a", 2, 2), ("b", 1, 3), ("b", 2, 4), ("c", 9, 5), ("a", 3, 6)]
    new = [("a", 9, 7), ("a", 1, 8), ("d", 1, 9), ("b", 1, 10), ("a", 2, 11)]
    core = {"user": 2, "item": 2}
    meta = prepare(tmp_path, events(old + new), block(split=BY_TIME, k_core=core, duplicates="keep"))
    # Item 3 has one training event and item 9 one: both go; then c has none and d never had one.
    assert with_ids(tmp_path) == {
        "train": [("a", "1", 1), ("a", "2", 2), ("b", "1", 3), ("b", "2", 4)],
        "val": [("a", "1", 8)],
        "test": [("a", "2", 11), ("b", "1", 10)],
    }
    assert meta.rejected == {"item of fewer than 2 training events": 2, "user of fewer than 2 training events": 2}


def test_users_and_items_unknown_to_training_stay_without_a_core(tmp_path: Path) -> None:
    rows = [("a", item, item) for item in range(1, 9)] + [("new", 1, 9), ("a", 77, 10)]
    prepare(tmp_path, events(rows), block(split=BY_TIME))
    assert with_ids(tmp_path)["test"] == [("a", "77", 10), ("new", "1", 9)]
    items = prepared(tmp_path)["items"]
    assert items["count"].tolist() == [1, 1, 1, 1, 1, 1, 0, 0, 0]


def test_a_core_is_sought_until_nothing_changes(tmp_path: Path) -> None:
    # Item 4 has one user; without it d has two events, then item 3 has one user, then c has two.
    rows = [(user, item, item) for user in "ab" for item in (0, 1, 2)]
    rows += [("c", 0, 1), ("c", 1, 2), ("c", 3, 3), ("d", 0, 1), ("d", 3, 2), ("d", 4, 3)]
    meta = prepare(tmp_path, events(rows), block(k_core={"user": 3, "item": 2}))
    assert prepared(tmp_path)["users"]["id"].tolist() == ["a", "b"]
    assert prepared(tmp_path)["items"]["id"].tolist() == ["0", "1", "2"]
    assert meta.rejected == {"user of fewer than 3 events": 6}
    rejected = prepared(tmp_path)["rejected"]
    assert rejected["event"].tolist() == [7, 8, 9, 10, 11, 12]
    assert rejected["item"].tolist() == ["0", "1", "3", "0", "3", "4"]


def test_users_of_one_item_are_set_aside_with_a_count(tmp_path: Path) -> None:
    rows = pd.concat([three_each(), events([("lonely", 1, 5)])])
    meta = prepare(tmp_path, rows, block())
    assert meta.rejected == {"user of fewer than 3 events": 1}
    assert meta.rows["rejected"] == 1
    assert prepared(tmp_path)["rejected"].iloc[0].to_dict() == {
        "event": 7,
        "reason": "user of fewer than 3 events",
        "user": "lonely",
        "item": "1",
        "time": "1970-01-01 00:00:05",
        "rating": "3.0",
    }


def test_nobody_left_is_an_error_that_says_what_is_needed(tmp_path: Path) -> None:
    with pytest.raises(CasebookError, match=r"of 2 events none is left.*at least 3 events") as caught:
        prepare(tmp_path, events([("a", 1, 1), ("b", 1, 2)]), block())
    assert "k_core" in str(caught.value)
    assert list((tmp_path).iterdir()) == [tmp_path / "raw"]


def test_a_split_by_time_that_all_events_share_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CasebookError, match="by time leaves a part without events: of 4 events"):
        prepare(tmp_path, events([("a", item, 7 + item // 3) for item in range(4)]), block(split=BY_TIME))


def test_a_split_that_the_core_empties_is_an_error(tmp_path: Path) -> None:
    rows = [("a", item, item) for item in range(1, 7)] + [("new", 1, 7), ("new", 2, 8), ("a", 1, 9), ("a", 2, 10)]
    with pytest.raises(CasebookError, match=r"prepare.split leaves validation without events"):
        prepare(tmp_path, events(rows), block(split=BY_TIME, k_core={"user": 1, "item": 0}))


@pytest.mark.parametrize(("duplicates", "kept"), [("drop", 3), ("keep", 5)])
def test_duplicate_events_stay_or_go_as_told(tmp_path: Path, duplicates: str, kept: int) -> None:
    rows = [("a", 1, 10), ("a", 1, 10), ("a", 2, 20), ("a", 1, 30), ("a", 1, "10.0")]
    meta = prepare(tmp_path, events(rows), block(duplicates=duplicates, max_rejected=0.0))
    assert sum(meta.rows[name] for name in ("train", "validation", "test")) == kept
    reason = "same user, item and time as an earlier row"
    assert meta.rejected == ({reason: 2} if duplicates == "drop" else {})
    assert prepared(tmp_path)["rejected"]["event"].tolist() == ([2, 5] if duplicates == "drop" else [])


@pytest.mark.parametrize(
    ("unit", "times"),
    [
        ("milliseconds", [1500, 1400, 2000]),
        ("microseconds", [1_500_000, 1_400_000, 2_000_000]),
        ("datetime", ["1970-01-01 00:00:01.5", "1970-01-01T02:00:01.4+02:00", "1970-01-01T00:00:02Z"]),
    ],
)
def test_times_finer_than_a_second_order_what_shares_one(tmp_path: Path, unit: str, times: list[object]) -> None:
    rows = events([("a", item, time) for item, time in enumerate(times)])
    prepare(tmp_path, rows, block(time_unit=unit))
    assert with_ids(tmp_path) == {"train": [("a", "1", 2)], "val": [("a", "0", 1)], "test": [("a", "2", 3)]}
    tables = prepared(tmp_path)
    assert [tables[name]["time"].item() for name in SPLITS] == [1, 1, 2]


def test_times_before_1970_are_floored(tmp_path: Path) -> None:
    prepare(tmp_path, events([("a", 1, "-1.5"), ("a", 2, 0), ("a", 3, 1)]), block())
    assert prepared(tmp_path)["train"]["time"].tolist() == [-2]


def test_ratings_get_a_code_each_or_one_for_each_quantile_of_training(tmp_path: Path) -> None:
    rows = [("a", item, item, rating) for item, rating in enumerate([5, 1, 3, 1, None, 9, 9])]
    few = prepare(tmp_path / "few", events(rows), block())
    assert few.data["rating_edges"] == [3.0, 5.0]  # 1, 3 and 5 in training; the asked 9s are not looked at
    assert np.isnan(prepared(tmp_path / "few")["train"]["rating"].tolist()[4])
    rows = [("a", item, item, item / 4) for item in range(10)]
    many = prepare(tmp_path / "many", events(rows), block(rating_bands=4))
    assert many.data["rating_edges"] == [0.5, 1.0, 1.5]  # places 2, 4, 6 of 0, .25, ... 1.75


def test_without_ratings_there_are_none(tmp_path: Path) -> None:
    columns = {"user": "user", "item": "item", "time": "time", "rating": None}
    meta = prepare(tmp_path, three_each().drop(columns="rating"), block(columns=columns))
    assert meta.data["rating_edges"] == []
    assert prepared(tmp_path)["train"]["rating"].isna().all()


def test_the_same_rows_give_the_same_bytes_on_any_number_of_threads_and_from_parquet(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    rows = pd.DataFrame(
        {
            "user": random.integers(0, 300, 20_000),
            "item": random.integers(0, 500, 20_000),
            "time": random.integers(0, 2_000, 20_000),
            "rating": random.integers(1, 6, 20_000),
        }
    )
    digests = {}
    for name, changes in {
        "one": {},
        "four": {"threads": 4},
        "small": {"memory_limit": "60MB", "threads": 2},
    }.items():
        prepare(tmp_path / name, rows, block(**changes))
        digests[name] = dvc_md5(tmp_path / name / "prepared")
    assert len(set(digests.values())) == 1, digests
    prepare(tmp_path / "parquet", rows, block(file="events.parquet"))
    for name in (*SPLITS, "users", "items"):
        parts = [(tmp_path / each / "prepared" / f"{name}.parquet").read_bytes() for each in ("one", "parquet")]
        assert parts[0] == parts[1], name


def test_a_failure_leaves_the_older_folder_as_it_was(tmp_path: Path) -> None:
    prepare(tmp_path, three_each(), block())
    before = dvc_md5(tmp_path / "prepared")
    with pytest.raises(CasebookError):
        prepare(tmp_path, "user,item\n1,2\n", block())
    assert dvc_md5(tmp_path / "prepared") == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["prepared", "raw"]


def test_a_raw_folder_that_was_not_fetched_is_named(tmp_path: Path) -> None:
    prepare(tmp_path, three_each(), block())
    (tmp_path / "raw" / "source.json").unlink()
    with pytest.raises(CasebookError, match=r"source.json: not found.*run fetch"):
        prepare_job(job_of_block("next_item", tmp_path, block()))


def obvious(rows: pd.DataFrame, user: int, item: int) -> dict[str, list[int]]:
    """Leave-one-out after a core, as plainly as pandas can: the events of each split."""
    rows = rows.assign(event=range(1, len(rows) + 1))
    while True:
        kept = rows[rows.groupby("user")["event"].transform("size") >= max(user, 3)]
        kept = kept[kept.groupby("item")["event"].transform("size") >= item]
        if len(kept) == len(rows):
            break
        rows = kept
    rows = rows.sort_values(["user", "time", "event"])
    left = rows.groupby("user").cumcount(ascending=False)
    parts = {"train": rows[left > 1], "val": rows[left == 1], "test": rows[left == 0]}
    return {name: part["event"].tolist() for name, part in parts.items()}


@settings(max_examples=examples(12), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 6), st.integers(0, 4)), min_size=8, max_size=60),
    user=st.integers(0, 5),
    item=st.integers(0, 4),
)
def test_split_and_core_are_those_of_an_obvious_implementation(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, int, int]], user: int, item: int
) -> None:
    assume(len({time for _, _, time in rows}) > 1)  # which is refused
    folder = tmp_path_factory.mktemp("case")
    frame = events(rows)
    expected = obvious(frame, user, item)
    content = block(duplicates="keep", k_core={"user": user, "item": item})
    if not expected["train"]:
        with pytest.raises(CasebookError, match="none is left"):
            prepare(folder, frame, content)
        return
    prepare(folder, frame, content)
    tables = prepared(folder)
    assert {name: tables[name]["event"].tolist() for name in SPLITS} == expected


def test_a_smoke_run_has_the_newest_events_of_those_who_were_there_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, most in (("SMOKE_USERS", 2), ("SMOKE_ITEMS", 4), ("SMOKE_EVENTS", 3)):
        monkeypatch.setattr(preparation, name, most)
    rows = [(user, item, 10 * item) for user in "abc" for item in (1, 2, 3)]
    rows += [("a", 4, 40), ("b", 4, 40), ("c", 5, 50), ("c", 6, 60), ("c", 7, 70), ("c", 8, 80)]
    prepare(tmp_path, events(rows), block())
    assert prepared(tmp_path)["items"]["id"].tolist() == list("12345678")
    prepare_job(replace(job_of_block("next_item", tmp_path, block()), smoke=True), refuse=lambda *_: None)
    # Items 1 to 4 have two events or more. Of these a and b have four, c three; and their first one is left out.
    assert with_ids(tmp_path) == {
        "train": [("a", "2", 2), ("b", "2", 5)],
        "val": [("a", "3", 3), ("b", "3", 6)],
        "test": [("a", "4", 10), ("b", "4", 11)],
    }
    assert prepared(tmp_path)["rejected"].empty
