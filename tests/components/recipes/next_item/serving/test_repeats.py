"""What is measured is what is served: ranks beside the lists that are answered, with figures worked out by hand."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.core.job import TEST, TRAIN, VALIDATION
from components.recipes.next_item.encoding.histories import questions
from components.recipes.next_item.metrics.metrics import ranking_metrics
from components.recipes.next_item.serving.predictor import open_predictor
from components.recipes.next_item.serving.serving import answers, raw_rows
from tests.components.recipes.next_item.preparation.events import COLUMNS, block, events, prepare
from tests.components.recipes.next_item.serving.tiny import DATA, ITEM_IDS, by_hand, write_tiny
from tests.toy.jobs import job_of_block

# Users 1, 2, 3 of the tiny bundle, of genders 1, 2, 0; 1 and 3 come back to an item, 2 comes to a new one.
ROWS = {"1": [10, 11, 12, 10], "2": [13, 14, 11, 12], "3": [14, 15, 10, 11, 15]}
GENDER = {"1": 1, "2": 2, "3": 0}
PLACES = 2


@pytest.mark.parametrize("repeats", ["recommend", "exclude"])
def test_the_metric_is_how_often_the_list_holds_the_item(tmp_path: Path, repeats: str) -> None:
    rows = [(user, item, 10 * place) for user, items in ROWS.items() for place, item in enumerate(items)]
    meta = prepare(tmp_path, events(rows), block(repeats=repeats))
    job = job_of_block("next_item", tmp_path, block(repeats=repeats))
    kept = {name: DATA[name] for name in ("tokens", "window", "user_features", "rating_edges")}
    bundle = write_tiny(tmp_path / "bundle", data={**meta.data, **kept, "columns": COLUMNS})
    meta.data["rating_edges"] = kept["rating_edges"]
    meta.write(tmp_path / "prepared")

    expected = []
    for user, items in ROWS.items():
        *history, target = [ITEM_IDS.index(str(item)) for item in items]
        scores = by_hand(history, GENDER[user])
        others = [item for item in range(6) if repeats == "recommend" or item not in history]
        ahead = sum(scores[item] >= scores[target] for item in others if item != target)
        expected.append(1 + ahead if target in others else np.inf)
    found = answers(job, bundle, TEST)
    assert found.score.tolist() == expected

    predictor = open_predictor(bundle)
    users, target = questions(tmp_path / "prepared", TEST)
    lists = predictor.recommend(raw_rows(job, users, (TRAIN, VALIDATION)), top=PLACES)
    ids = predictor.catalogue.item_ids[target]
    held = [
        item in lists.loc[lists["user"] == user, "item"].tolist()
        for user, item in zip(predictor.catalogue.user_ids[users], ids, strict=True)
    ]
    assert held == [rank <= PLACES for rank in expected]
    hit_rate = ranking_metrics([PLACES])[f"hr@{PLACES}"](found.target, found.score)
    assert hit_rate == pytest.approx(np.mean(held))
    assert sum(held) > 0
    if repeats == "exclude":
        assert np.isinf(found.score).tolist() == [True, False, True]


def test_who_asks_may_say_otherwise(tmp_path: Path) -> None:
    rows = pd.DataFrame({"user_id": 7, "item_id": [10, 12], "timestamp": [1, 2]})
    spec = {**DATA["spec"], "repeats": "recommend"}
    again = open_predictor(write_tiny(tmp_path / "again", data={"spec": spec}))
    plain = open_predictor(write_tiny(tmp_path / "plain"))
    assert set(again.recommend(rows, top=6)["item"]) == set(ITEM_IDS)
    pd.testing.assert_frame_equal(again.recommend(rows, top=6, exclude_seen=True), plain.recommend(rows, top=6))
    pd.testing.assert_frame_equal(plain.recommend(rows, top=6, exclude_seen=False), again.recommend(rows, top=6))


def test_double_clicks_of_a_request_are_one_as_in_training(tmp_path: Path) -> None:
    predictor = open_predictor(write_tiny(tmp_path / "bundle", data={"spec": {**DATA["spec"], "merge_within": 5}}))
    once = pd.DataFrame({"user_id": 7, "item_id": [10, 12], "timestamp": [1, 3]})
    twice = pd.DataFrame({"user_id": 7, "item_id": [12, 10, 12, 10], "timestamp": [8, 6, 3, 1]})
    pd.testing.assert_frame_equal(predictor.recommend(twice, top=6), predictor.recommend(once, top=6))
