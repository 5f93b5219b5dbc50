"""Who has no history: by features that a request or the catalogue tells, with shares worked out by hand."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from components.kits.tables.encoding.cells import columns_of_rows
from components.recipes.next_item.encoding.spec import Feature
from components.recipes.next_item.predict import predict_file
from components.recipes.next_item.serving import cold
from components.recipes.next_item.serving.asked import read_asked
from components.recipes.next_item.serving.predictor import RankingPredictor, open_predictor
from components.recipes.next_item.serving.remarks import Remarks
from tests.components.recipes.next_item.serving.tiny import DATA, ITEM_IDS, by_hand, write_tiny

USERS = {"file": "users.csv", "id": "id", "columns": {"gender": {"column": "sex", "kind": "category"}}}


@pytest.fixture(scope="module")
def predictor(tmp_path_factory: pytest.TempPathFactory) -> RankingPredictor:
    spec = {**DATA["spec"], "users": USERS}
    return open_predictor(write_tiny(tmp_path_factory.mktemp("tiny") / "bundle", data={"spec": spec}))


def test_shares_of_a_value_are_drawn_to_those_of_all(predictor: RankingPredictor) -> None:
    """Women had items 0 and 1, men item 2: of three events, with 3 x 6 more as popular as all."""
    share = np.array([7, 7, 7, 1, 1, 1]) / 24
    women, men, unknown = predictor.feature_popularity.scores(np.array([[1], [2], [0]]))
    assert women == pytest.approx((np.array([1, 1, 0, 0, 0, 0]) + 18 * share) / 20)
    assert men == pytest.approx((np.array([0, 0, 1, 0, 0, 0]) + 18 * share) / 19)
    assert unknown == pytest.approx(share)


def test_a_stranger_is_answered_by_the_features_of_the_request(
    predictor: RankingPredictor, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = pd.DataFrame({"user_id": ["w", "m", "?", "1"], "sex": ["F", " M ", "X", "M"]})
    answer = predictor.recommend(rows, top=1)
    assert answer["user"].tolist() == ["w", "m", "?", "1"]
    assert answer["answered_by"].tolist() == ["features", "features", "popularity", "blend"]
    assert answer["item"].tolist()[:3] == ["10", "12", "11"]
    assert caplog.messages == [
        "2 user(s) without a history, such as 'w': answered by what users of like features had",
        "1 user(s) that the model does not know, without a history, such as '?': answered by popularity",
    ]
    rows.to_csv(tmp_path / "users.csv", index=False)
    predict_file(predictor.bundle.folder, tmp_path / "users.csv", tmp_path / "out.parquet", {"top": 1})
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "out.parquet"), answer, check_dtype=False)


def test_features_of_a_stranger_with_a_history_are_read_by_the_network(
    predictor: RankingPredictor, tmp_path: Path
) -> None:
    rows = pd.DataFrame({"user_id": "w", "item_id": [10, 12], "timestamp": [1, 2], "sex": ["F", None]})
    answer = predictor.recommend(rows, top=6, exclude_seen=False)
    scores = by_hand([0, 2], gender=1)
    assert answer["score"].to_numpy() == pytest.approx(np.sort(scores)[::-1], abs=1e-5)
    rows.to_csv(tmp_path / "rows.csv", index=False)
    predict_file(predictor.bundle.folder, tmp_path / "rows.csv", tmp_path / "out.csv", {"include_seen": True, "top": 6})
    found = pd.read_csv(tmp_path / "out.csv", dtype=str)
    assert found["item"].tolist() == answer["item"].tolist() == [ITEM_IDS[item] for item in np.argsort(-scores)]


def test_a_known_user_keeps_the_features_of_training(
    predictor: RankingPredictor, caplog: pytest.LogCaptureFixture
) -> None:
    given = columns_of_rows([{"user_id": "2", "sex": "F"}, {"user_id": "x", "sex": "NA"}, {"user_id": "y"}])
    with caplog.at_level(logging.ERROR):
        asked = read_asked(given, predictor.data, predictor.catalogue, predictor.stored, Remarks())
    assert asked.codes is not None
    assert asked.codes.tolist() == [[2], [0], [0]]


@pytest.mark.parametrize(
    ("text", "code"), [("17.5", 1), ("18", 2), ("", 0), ("old", 0), ("nan", 0), ("-inf", 1), ("65", 3)]
)
def test_numbers_have_the_bands_of_training(text: str, code: int) -> None:
    column: dict[str, Any] = {"column": "age", "kind": "band", "edges": [18.0, 65.0]}
    assert cold.code_of(text, column, Feature("age", "band", 4, ("(unknown)", "<18", "18 to <65", "≥65"))) == code
