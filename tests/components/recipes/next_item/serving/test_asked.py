"""What a request is read as, beside what training made of the same rows."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.core.errors import CasebookError
from components.core.job import TEST, TRAIN, VALIDATION, Meta
from components.kits.tables.encoding.cells import RawRows, columns_of_frame, columns_of_rows
from components.recipes.next_item.encoding.catalogue import read_catalogue
from components.recipes.next_item.encoding.histories import Histories, read_histories
from components.recipes.next_item.serving.asked import Asked, read_asked
from components.recipes.next_item.serving.given import first_of_each
from components.recipes.next_item.serving.remarks import Remarks
from components.recipes.next_item.serving.serving import raw_rows
from tests.components.recipes.next_item.preparation.events import block, prepare
from tests.examples import examples
from tests.toy.jobs import job_of_block

SPLITS = (TRAIN, VALIDATION, TEST)
START = 1_600_000_000
USERS = st.sampled_from(["1", "1.0", " 1", "7", "007", "7.0", "Jos\u00e9", "Jose\u0301 ", "NA", ""])
ITEMS = st.sampled_from(["3", "3.0", "03", "a b", " a b", "12345678901234567", "12345678901234568", "?"])
RATINGS = st.sampled_from(["2.7", "2.70", " 4.7", "0.1", "5", "5.0", "", "NA", "good", "1e0", "-3"])
# Ways of writing so many seconds after the start.
WRITERS = {
    "seconds": [str, lambda second: f"{second}.0", lambda second: f" {second}", lambda second: f"{second}.25"],
    "milliseconds": [lambda second: f"{second}000", lambda second: f"{second}500"],
    "datetime": [
        lambda second: f"{pd.Timestamp(second, unit='s')}",
        lambda second: f"{pd.Timestamp(second, unit='s')} UTC",
        lambda second: f"{pd.Timestamp(second, unit='s', tz='Asia/Tokyo'):%Y-%m-%dT%H:%M:%S%z}",
        lambda second: f"{pd.Timestamp(second, unit='s'):%Y/%m/%d %H:%M:%S}",
        lambda second: f"{pd.Timestamp(second, unit='s'):%Y%m%d}",
    ],
}
ROW = st.tuples(USERS, ITEMS, st.integers(0, 5), st.integers(0, 4), RATINGS)


def in_ways(rows: pd.DataFrame, file: Path) -> dict[str, RawRows]:
    """The rows of a file as `predict`, a request of texts, pandas and a request of typed values have them."""
    # pandas takes 007 for 7, and a long number beside an empty cell for a float: such columns are read as texts.
    texts = {name: str for name in ("user", "item") if rows[name].str.contains(r"^\s*0|\d{16}").any()}
    typed = pd.read_csv(file, keep_default_na=False, na_values=[""], dtype=texts)
    return {
        "file": {name: pa.array(rows[name], pa.string()) for name in rows},
        "texts": columns_of_rows(rows.to_dict("records")),
        "frame": columns_of_frame(typed, typed.columns),
        "json": columns_of_rows(json.loads(typed.to_json(orient="records", double_precision=15))),
        "cells": {name: list(typed[name]) for name in typed},
    }


def asked_of(folder: Path, rows: RawRows) -> tuple[Asked, Histories]:
    """The rows as they are read, and the same users as training has them."""
    prepared = folder / "prepared"
    data, stored = Meta.read(prepared).data, read_histories(prepared, SPLITS)
    asked = read_asked(rows, data, read_catalogue(prepared), stored, Remarks())
    return asked, stored


@settings(max_examples=examples(12), deadline=None, suppress_health_check=list(HealthCheck))
@given(
    rows=st.lists(ROW, min_size=4, max_size=30),
    unit=st.sampled_from(sorted(WRITERS)),
    drop=st.booleans(),
)
def test_rows_of_the_training_file_get_the_codes_of_training(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[Any, ...]], unit: str, drop: bool
) -> None:
    folder, ways = tmp_path_factory.mktemp("case"), WRITERS[unit]
    cells = [(user, item, ways[way % len(ways)](START + 86_400 * day), rating) for user, item, day, way, rating in rows]
    # Somebody whom training knows, whatever else is drawn; one more day, as all times alike are refused.
    cells += [("k", str(place), ways[0](START + 86_400 * place), "2.7") for place in range(3)]
    frame = pd.DataFrame(cells, columns=["user", "item", "time", "rating"])
    content = block(time_unit=unit, max_rejected=0.99, duplicates="drop" if drop else "keep")
    prepare(folder, frame, content)
    for name, given_rows in in_ways(frame, folder / "raw" / "events.csv").items():
        asked, stored = asked_of(folder, given_rows)
        known = asked.users >= 0
        assert sorted(asked.users[known]) == list(range(len(stored.start) - 1)), name
        found, expected = asked.histories.of(np.flatnonzero(known)), stored.of(asked.users[known])
        for part in ("start", "item", "time", "rating"):
            assert getattr(found, part).tobytes() == getattr(expected, part).tobytes(), (name, part)


@pytest.mark.parametrize("unit", ["milliseconds", "seconds", "excel_days", "nanoseconds"])
def test_what_the_gate_asks_is_what_training_has(tmp_path: Path, unit: str) -> None:
    """Also where a user had one item twice within a second, which is all that prepared events know of their times."""
    times = np.array([0.1, 0.2, 0.3, 0.4, 3, 4, 5, 9]) + START
    factor = {"milliseconds": 1e3, "seconds": 1, "excel_days": 1 / 86_400, "nanoseconds": 1e9}[unit]
    shown = times * factor + (25_569 if unit == "excel_days" else 0)
    rows = pd.DataFrame({"user": "a", "item": [1, 2, 1, 3, 1, 2, 3, 4], "time": shown, "rating": 2.7})
    content = block(time_unit=unit, file="events.parquet")
    prepare(tmp_path, rows, content)
    job, stored = job_of_block("next_item", tmp_path, content), read_histories(tmp_path / "prepared", SPLITS)
    assert stored.item.tolist() == [0, 1, 0, 2, 0, 1, 2, 3]
    raw = raw_rows(job, np.array([0]), SPLITS)
    asked, _ = asked_of(tmp_path, columns_of_frame(raw, raw.columns))
    for part in ("item", "time", "rating"):
        assert getattr(asked.histories, part).tolist() == getattr(stored, part).tolist(), part


def test_ids_past_what_floats_hold_are_exact_beside_a_row_without_one(tmp_path: Path) -> None:
    long = 2**53 + 1
    rows = pd.DataFrame(
        {"user": ["a"] * 4, "item": [long, long + 1, 5, None], "time": [START, START + 1, START + 2, START + 3]},
        dtype=object,
    ).assign(rating=1)
    columns = pa.table({"user": ["a"] * 4, "item": pa.array([long, long + 1, 5, None], pa.int64())})
    prepare(tmp_path, rows.dropna(), block())
    for given_rows in (columns_of_rows(rows.to_dict("records")), {**columns_of_frame(rows, rows.columns)}):
        asked, stored = asked_of(tmp_path, given_rows)
        assert asked.histories.item.tolist() == stored.item.tolist()
    kept = columns["item"].combine_chunks()
    asked, stored = asked_of(tmp_path, {**columns_of_frame(rows, rows.columns), "item": kept})
    assert asked.histories.item.tolist() == stored.item.tolist()
    with pytest.raises(CasebookError, match=r"column item: 2 id\(s\).* floats past what floats hold exactly"):
        asked_of(tmp_path, columns_of_frame(rows.astype({"item": float}), rows.columns))


def test_ratings_outside_those_of_training_are_told_and_flagged(tmp_path: Path) -> None:
    text = "user,item,time,rating\n" + "".join(f"a,{item},{START + item},{item}\n" for item in range(1, 6))
    prepare(tmp_path, text, block())
    rows = {
        "user": pa.array(["a", "a", "b", "b", "c"]),
        "item": pa.array(["1", "2", "3", "4", "5"]),
        "time": pa.array([START] * 5),
        "rating": pa.array([1.0, 3.0, 95.0, 0.5, None]),
    }
    prepared, remarks = tmp_path / "prepared", Remarks()
    data = Meta.read(prepared).data
    assert data["rating_range"] == [1.0, 3.0]  # the last two are asked
    asked = read_asked(rows, data, read_catalogue(prepared), read_histories(prepared, SPLITS), remarks)
    assert asked.warnings is not None
    assert asked.warnings.tolist() == [[], ["rating 95 is outside training's 1 to 3"], []]
    assert list(remarks.found.values())[-1] == (2, "95")


def test_the_first_of_rows_that_are_alike_is_kept() -> None:
    user, item = np.array([1, 2, 1, 1, 2]), np.array([5, 5, 5, 6, 5])
    assert first_of_each(user, item).tolist() == [0, 1, 3]
    assert first_of_each(np.array([], np.int64)).tolist() == []
