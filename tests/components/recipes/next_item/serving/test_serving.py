import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from components.core.bundle import read_bundle, write_bundle
from components.core.job import TEST, TRAIN, VALIDATION, Meta, Paths
from components.kits.tables.encoding.cells import columns_of_rows
from components.recipes.next_item.encoding.histories import questions, read_histories
from components.recipes.next_item.serving.predictor import open_predictor
from components.recipes.next_item.serving.serving import answer_rows, answers, example, raw_rows
from tests.components.recipes.next_item.conftest import CASE, Untrained


def test_ranks_are_those_of_the_scores_of_the_predictor_counted_one_by_one(untrained: Untrained) -> None:
    found = answers(untrained.job, untrained.bundle, TEST)
    prepared = untrained.job.paths.prepared(CASE)
    users, items = questions(prepared, TEST)
    histories = read_histories(prepared, [TRAIN, VALIDATION])
    predictor = open_predictor(untrained.bundle)
    every = len(predictor.catalogue.item_ids)
    np.testing.assert_array_equal(found.target, items)
    for place in range(0, len(users), 7):
        user = users[place]
        seen = set(histories.item[histories.start[user] : histories.start[user + 1]].tolist())
        asked = pd.DataFrame({predictor.columns["user"]: [predictor.catalogue.user_ids[user]]})
        order = predictor.recommend(asked, top=every)["item"].tolist()
        target = int(items[place])
        if target not in seen:
            assert order[int(found.score[place]) - 1] == predictor.catalogue.item_ids[target]
        assert len(order) == every - len(seen)


def test_validation_of_the_fitted_folder_is_answered_by_what_has_not_seen_it(untrained: Untrained) -> None:
    job, folder = untrained.job, untrained.folder
    fitted = answers(job, folder, VALIDATION)
    np.testing.assert_array_equal(fitted.score, answers(job, folder / "selection", VALIDATION).score)
    assert (fitted.score != answers(job, folder / "bundle", VALIDATION).score).any()
    np.testing.assert_array_equal(answers(job, folder, TEST).score, answers(job, folder / "bundle", TEST).score)


def test_raw_rows_are_those_of_the_raw_file(untrained: Untrained) -> None:
    job = untrained.job
    users, _ = questions(job.paths.prepared(CASE), TEST)
    rows = raw_rows(job, users[::-1], (TRAIN, VALIDATION))
    raw = pd.read_csv(job.paths.raw(CASE) / "interactions.csv").drop_duplicates()
    both = rows.assign(user_id=rows["user_id"].astype(int), item_id=rows["item_id"].astype(int)).merge(
        raw, how="left", on=["user_id", "item_id", "timestamp"], suffixes=("", "_raw")
    )
    assert len(both) >= len(rows) > 0
    np.testing.assert_array_equal(both["rating"], both["rating_raw"])
    order = rows["user_id"].drop_duplicates().tolist()
    assert order == open_predictor(untrained.bundle).catalogue.user_ids[users[::-1]].tolist()


def test_a_user_without_events_is_asked_too_and_answered_by_features(untrained: Untrained, tmp_path: Path) -> None:
    """As it happens where time splits: the first event of a user may be the test's."""
    job = replace(untrained.job, paths=Paths(tmp_path))
    prepared = job.paths.prepared(CASE)
    shutil.copytree(untrained.job.paths.prepared(CASE), prepared)
    for name in ("train.parquet", "val.parquet"):
        table = pq.read_table(prepared / name)
        pq.write_table(table.filter(pc.not_equal(table["user"], 0)), prepared / name)
    users, items = questions(prepared, TEST)
    assert users[0] == 0
    rows = raw_rows(job, users, (TRAIN, VALIDATION))
    assert pd.isna(rows.iloc[0]["item_id"])
    predictor = open_predictor(untrained.bundle)
    (scores,) = predictor.feature_popularity.scores(predictor.catalogue.user_codes[:1])
    found = answers(job, untrained.bundle, TEST).score
    assert found[0] == int((scores >= scores[items[0]]).sum())
    np.testing.assert_array_equal(found[1:], answers(untrained.job, untrained.bundle, TEST).score[1:])


def test_users_are_answered_in_turn_for_timing_by_the_events_of_a_request(untrained: Untrained) -> None:
    answer = answer_rows(untrained.job, untrained.bundle)
    users = questions(untrained.job.paths.prepared(CASE), TEST)[0]
    predictor = open_predictor(untrained.bundle)
    expected = predictor.predict(raw_rows(untrained.job, users, (TRAIN, VALIDATION)))
    (first,), rest, (again,) = answer(1), answer(len(users) - 1), answer(1)  # type: ignore[misc]
    found = pd.concat([pd.DataFrame(one) for one in (first, *rest)], ignore_index=True)
    pd.testing.assert_frame_equal(found, expected)
    pd.testing.assert_frame_equal(pd.DataFrame(first), pd.DataFrame(again))


def test_the_example_is_raw_rows_that_the_predictor_answers(untrained: Untrained) -> None:
    rows = example(untrained.job)
    assert list(rows.columns) == ["user_id", "item_id", "timestamp", "rating"]
    assert rows["user_id"].nunique() == 2
    answer = untrained.recipe.serving.open_predictor(untrained.bundle).predict(rows)
    assert answer.groupby("user").size().tolist() == [10, 10]


def test_all_users_are_answered_alike_with_and_without_a_frame(untrained: Untrained) -> None:
    """With all their events, as JSON and as a CSV have them."""
    predictor = open_predictor(untrained.bundle)
    users, _ = questions(untrained.job.paths.prepared(CASE), TEST)
    rows = raw_rows(untrained.job, users, (TRAIN, VALIDATION))
    expected = predictor.predict(rows)
    assert expected["user"].nunique() == len(users)
    texts = rows.astype("str").where(rows.notna(), "")
    for given in (rows, texts):
        answer = predictor.answer(columns_of_rows(json.loads(given.to_json(orient="records"))))
        pd.testing.assert_frame_equal(pd.DataFrame(answer.columns()), expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("unit", ["seconds", "milliseconds", "microseconds", "datetime"])
def test_times_are_written_in_the_units_of_the_data(untrained: Untrained, tmp_path: Path, unit: str) -> None:
    job = replace(untrained.job, paths=Paths(tmp_path))
    prepared = job.paths.prepared(CASE)
    shutil.copytree(untrained.job.paths.prepared(CASE), prepared)
    meta = Meta.read(prepared)
    meta.data["spec"]["time_unit"] = unit
    meta.write(prepared)
    table = pq.read_table(prepared / "train.parquet")
    changed = table.slice(0, 1).to_pandas().assign(user=0, time=880487203)
    pq.write_table(pa.Table.from_pandas(changed, schema=table.schema, preserve_index=False), prepared / "train.parquet")
    (found,) = raw_rows(job, np.array([0]), (TRAIN,))["timestamp"].tolist()
    expected = {"seconds": 880487203, "milliseconds": 880487203000, "microseconds": 880487203000000}
    assert found == expected.get(unit, pd.Timestamp(1997, 11, 25, 19, 46, 43))
    assert isinstance(found, pd.Timestamp if unit == "datetime" else int)


def test_an_item_that_an_older_bundle_does_not_know_has_no_rank(untrained: Untrained, tmp_path: Path) -> None:
    source = read_bundle(untrained.bundle, threads=1)
    items = pd.read_parquet(source.path("items.parquet"))
    target = answers(untrained.job, untrained.bundle, TEST).target
    items.loc[target[0], "id"] = "withdrawn"
    items.to_parquet(tmp_path / "items.parquet", index=False)
    write_bundle(
        tmp_path / "older", source.manifest, {**source.contents(), "items.parquet": tmp_path / "items.parquet"}
    )
    found = answers(untrained.job, tmp_path / "older", TEST)
    assert np.isinf(found.score[target == target[0]]).all()
    assert np.isfinite(found.score[target != target[0]]).any()
