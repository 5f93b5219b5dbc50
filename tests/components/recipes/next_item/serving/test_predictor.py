import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from components.core.errors import CasebookError
from components.kits.tables.encoding.cells import columns_of_rows
from components.recipes.next_item.serving.predictor import RankingPredictor, open_predictor
from components.recipes.next_item.serving.remarks import UNKNOWN_ITEM, Remarks
from tests.components.recipes.next_item.serving.tiny import COUNTS, ITEM_IDS, MEMBERS, by_hand, write_tiny
from tests.forks import Forks
from tests.toy.jobs import CHECKOUT

NAMES = {"user": "user_id", "item": "item_id", "time": "timestamp", "rating": "rating"}


@pytest.fixture(scope="module")
def predictor(tmp_path_factory: pytest.TempPathFactory) -> RankingPredictor:
    return open_predictor(write_tiny(tmp_path_factory.mktemp("tiny") / "bundle"))


def history(user: object, *items: object) -> pd.DataFrame:
    return pd.DataFrame({"user_id": user, "item_id": list(items), "timestamp": np.arange(len(items)) + 50})


def items_of(answer: pd.DataFrame, user: str) -> list[str]:
    return answer.loc[answer["user"] == user, "item"].tolist()


def best(scores: np.ndarray, *seen: int) -> list[int]:
    return [int(item) for item in np.argsort(-scores, kind="stable") if item not in seen]


def test_a_history_is_scored_by_learner_and_neighbours_as_by_hand(predictor: RankingPredictor) -> None:
    answer = predictor.recommend(history("new", 10, 12, 11), top=3)
    scores = by_hand([0, 2, 1], gender=0)
    expected = best(scores, 0, 1, 2)[:3]
    assert list(answer.columns) == ["user", "rank", "item", "score", "title", "answered_by"]
    assert set(answer["answered_by"]) == {"blend"}
    assert answer["item"].tolist() == [ITEM_IDS[item] for item in expected]
    assert answer["rank"].tolist() == [1, 2, 3]
    assert answer["score"].to_numpy() == pytest.approx(scores[expected], abs=1e-5)


def test_a_softmax_is_standardized_where_the_member_says_so(tmp_path: Path) -> None:
    members = [{**MEMBERS[0], "link": "softmax"}, MEMBERS[1]]
    predictor = open_predictor(write_tiny(tmp_path / "bundle", members=members))
    answer = predictor.recommend(history("new", 12), top=5)
    expected = by_hand([2], gender=0, members=members)
    assert answer["score"].to_numpy() == pytest.approx(expected[best(expected, 2)], abs=1e-5)


def test_a_known_user_without_rows_has_the_stored_history_and_features(predictor: RankingPredictor) -> None:
    answer = predictor.predict(pd.DataFrame({"user_id": [1, 2, 1]}))
    assert answer["user"].tolist() == ["1"] * 3 + ["2"] * 3
    first, second = by_hand([0, 1], gender=1), by_hand([2], gender=2)
    assert items_of(answer, "1") == [ITEM_IDS[item] for item in best(first, 0, 1)[:3]]
    assert items_of(answer, "2") == [ITEM_IDS[item] for item in best(second, 2)[:3]]
    assert answer["score"].to_numpy()[:3] == pytest.approx(first[best(first, 0, 1)[:3]], abs=1e-5)


def test_rows_of_a_known_user_are_the_whole_history_that_counts(predictor: RankingPredictor) -> None:
    answer = predictor.recommend(history(1, 12), top=6)
    scores = by_hand([2], gender=1)
    assert items_of(answer, "1") == [ITEM_IDS[item] for item in best(scores, 2)]


def test_events_count_in_the_order_of_their_times_and_ties_as_they_stand(predictor: RankingPredictor) -> None:
    rows = pd.DataFrame({"user_id": 7, "item_id": [11, 12, 10], "timestamp": [30, 10, 30]})
    in_order = history(7, 12, 11, 10)
    pd.testing.assert_frame_equal(predictor.predict(rows), predictor.predict(in_order))
    other = predictor.predict(history(7, 12, 10, 11))
    assert not np.allclose(other["score"], predictor.predict(rows)["score"])


def test_ids_are_one_as_numbers_texts_and_with_blanks(predictor: RankingPredictor) -> None:
    whole = predictor.predict(history(1, 10, 12))
    for rows in (history("1", "10", " 12 "), history(1.0, 10.0, 12.0), history(" 1", 10, "12")):
        pd.testing.assert_frame_equal(predictor.predict(rows), whole)


def test_a_user_is_answered_alike_alone_and_in_company(predictor: RankingPredictor) -> None:
    both = pd.concat([history("a", 10), history("b", 10, 11, 12), history("c", 13)])
    alone = predictor.predict(history("b", 10, 11, 12))
    among = predictor.predict(both)
    found = among[among["user"] == "b"].reset_index(drop=True)
    pd.testing.assert_frame_equal(found, alone, atol=1e-6)


def test_unknown_users_and_empty_histories_are_answered_by_popularity_and_it_is_said(
    predictor: RankingPredictor, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        answer = predictor.recommend(pd.DataFrame({"user_id": ["8", "9", "3"]}), top=6)
    by_count = sorted(range(6), key=lambda item: -COUNTS[item])
    for user in "893":
        assert items_of(answer, user) == [ITEM_IDS[item] for item in by_count]
    assert answer["score"].tolist()[:2] == pytest.approx([5 / 15, 4 / 15])
    assert [record.getMessage() for record in caplog.records] == [
        "2 user(s) that the model does not know, without a history, such as '8': answered by popularity",
        "1 user(s) with an empty history, such as '3': answered by popularity",
    ]


def test_a_row_without_an_item_only_names_its_user(predictor: RankingPredictor) -> None:
    rows = pd.DataFrame({"user_id": ["1", "x"], "item_id": [None, "12"], "timestamp": [None, 5]})
    answer = predictor.recommend(rows, top=1)
    # The rows given are the whole history: none. What is known of women is what user 1 had, items 10 and 11.
    assert answer[answer["user"] == "1"][["item", "answered_by"]].to_numpy().tolist() == [["10", "features"]]


def test_unknown_items_are_ignored_and_counted(predictor: RankingPredictor, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        answer = predictor.predict(history("new", 10, "no such", 12, 99))
    pd.testing.assert_frame_equal(answer, predictor.predict(history("new", 10, 12)))
    assert caplog.messages[0] == "2 event(s) of items that the model does not know, such as 'no such': ignored"


def test_a_history_of_unknown_items_alone_is_answered_by_popularity(predictor: RankingPredictor) -> None:
    assert items_of(predictor.recommend(history("new", "?"), top=2), "new") == ["11", "12"]


def test_allow_and_deny_lists_are_kept_and_their_unknown_ids_said(
    predictor: RankingPredictor, caplog: pytest.LogCaptureFixture
) -> None:
    rows = history("new", 10)
    with caplog.at_level(logging.WARNING):
        allowed = predictor.recommend(rows, top=2, allow=[13, " 14", "77"])
    assert sorted(allowed["item"]) == ["13", "14"]
    assert caplog.messages == ["1 id(s) of the allow list that the model does not know, such as '77': ignored"]
    whole = predictor.recommend(rows, top=6)["item"].tolist()
    denied = predictor.recommend(rows, top=6, deny=[whole[0], 88])["item"].tolist()
    assert denied == whole[1:]
    both = predictor.recommend(rows, top=6, allow=whole[:3], deny=[int(whole[1])])["item"].tolist()
    assert both == [whole[0], whole[2]]


def test_what_was_seen_is_left_out_unless_it_is_asked_for(predictor: RankingPredictor) -> None:
    rows = history("new", 10, 10, 12)
    assert {"10", "12"}.isdisjoint(predictor.recommend(rows, top=6)["item"])
    assert set(predictor.recommend(rows, top=6, exclude_seen=False)["item"]) == set(ITEM_IDS)


def test_fewer_items_than_asked_for_are_said(predictor: RankingPredictor, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        answer = predictor.recommend(history("new", 10, 11, 12, 13), top=5)
    assert sorted(answer["item"]) == ["14", "15"]
    long = "1 user(s) with more events than the network reads, such as 'new': it reads the last 2 of each"
    assert caplog.messages == [long, "1 user(s) for whom fewer items are left than were asked for, such as 'new'"]
    caplog.clear()
    most = predictor.recommend(pd.DataFrame({"user_id": ["3", "1"]}), top=10**12)  # of which no memory is taken
    assert most.groupby("user").size().to_dict() == {"1": 4, "3": 6}
    few = "2 user(s), such as '3', get fewer items than the 1000000000000 asked for: the model knows 6"
    assert caplog.messages[1:] == [few]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (
            pd.DataFrame({"customer": [1]}),
            "column 'user_id' (the user's id) is missing; the columns there are: 'customer'",
        ),
        (pd.DataFrame({"user_id": [1], "item_id": [10]}), "column 'timestamp' (the time, seconds) is missing"),
        (
            pd.DataFrame({"user_id": [1, 1], "item_id": [10, 11], "timestamp": ["5", "noon"]}),
            "column timestamp: 1 cell(s) are no time (seconds), such as 'noon'",
        ),
        (pd.DataFrame({"user_id": [None, "NA"]}), "column user_id: no user in it"),
    ],
)
def test_what_is_wrong_with_rows_is_one_message(predictor: RankingPredictor, rows: pd.DataFrame, told: str) -> None:
    with pytest.raises(CasebookError) as error:
        predictor.predict(rows)
    assert told in str(error.value)


def test_times_may_be_dates_where_the_data_has_dates(tmp_path: Path) -> None:
    spec = {"time_unit": "datetime", "missing": []}
    predictor = open_predictor(write_tiny(tmp_path / "bundle", data={"spec": spec}))
    texts = pd.DataFrame({"user_id": 7, "item_id": [11, 10], "timestamp": ["2020-01-01T00:00:01", "2020-01-01"]})
    typed = texts.assign(timestamp=pd.to_datetime(texts["timestamp"], format="ISO8601"))
    expected = by_hand([0, 1], gender=0)
    for rows in (texts, typed):
        found = predictor.recommend(rows, top=4)
        assert found["score"].to_numpy() == pytest.approx(expected[best(expected, 0, 1)], abs=1e-5)
    with pytest.raises(CasebookError, match=r"1 cell\(s\) are no time \(datetime\), such as 'soon'"):
        predictor.predict(texts.assign(timestamp=["soon", "2020-01-01"]))


def test_ratings_that_are_no_numbers_are_said(predictor: RankingPredictor, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        predictor.predict(history("new", 10, 11).assign(rating=["good", 4.0]))
    assert caplog.messages == ["1 event(s) whose rating is no number, such as 'good': left out, as training does"]
    with pytest.raises(CasebookError, match=r"column rating: none of its 1 rating\(s\) is a number, such as 'good'"):
        predictor.predict(history("new", 10, 11).assign(rating=["good", None]))


def test_times_of_another_unit_are_refused(predictor: RankingPredictor, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tiny model's own times are odd ones: nothing is known then."""
    rows = history("new", 10, 11)
    assert len(predictor.predict(rows))
    monkeypatch.setitem(predictor.data, "first_time", 1_600_000_000)
    with pytest.raises(
        CasebookError, match=r"column timestamp: its 2 time\(s\), such as .* are hardly those of events"
    ):
        predictor.predict(rows)
    assert len(predictor.predict(rows.assign(timestamp=[5, 1_600_000_001])))


def test_no_torch_is_loaded(predictor: RankingPredictor, data_forks: Forks) -> None:
    script = (
        "import sys, pandas; from pathlib import Path;"
        "from components.recipes.next_item.serving.predictor import open_predictor;"
        f"p = open_predictor(Path({str(predictor.bundle.folder)!r})); p.predict(pandas.DataFrame({{'user_id': [1]}}));"
        "print({'torch', 'faiss'} & set(sys.modules))"
    )
    done = data_forks.run("-c", script, cwd=CHECKOUT)
    assert (done.returncode, done.stdout) == (0, "set()\n"), done.stderr


ROWS = [
    {"user_id": 1, "item_id": 10, "timestamp": 5, "rating": 4.0},
    {"user_id": "new", "item_id": "12", "timestamp": "7", "rating": None},
    {"user_id": 1, "item_id": "no such", "timestamp": 6.5},
    {"user_id": None, "item_id": 11, "timestamp": 6},
    {"user_id": "x"},
]


@pytest.mark.parametrize("rows", [ROWS[:1], ROWS[1:2], ROWS, ROWS[::-1], [{"user_id": 2}, {"user_id": 1}]])
def test_rows_as_json_has_them_are_answered_as_those_of_a_frame(
    predictor: RankingPredictor, rows: list[dict[str, object]]
) -> None:
    answer = predictor.answer(columns_of_rows(rows), top=4)
    pd.testing.assert_frame_equal(pd.DataFrame(answer.columns()), predictor.recommend(pd.DataFrame(rows), top=4))


def test_what_there_is_to_say_is_left_to_who_asks_for_it(
    predictor: RankingPredictor, caplog: pytest.LogCaptureFixture
) -> None:
    remarks = Remarks()
    predictor.answer(columns_of_rows(ROWS[:3]), remarks=remarks)
    assert remarks.found == {UNKNOWN_ITEM: (1, "no such")}
    assert caplog.messages == []
    predictor.answer(columns_of_rows(ROWS[:3]))
    assert caplog.messages == [UNKNOWN_ITEM % (1, "no such")]


def test_a_missing_column_of_a_frame_is_told_beside_all_that_are_there(predictor: RankingPredictor) -> None:
    with pytest.raises(CasebookError, match="the columns there are: 'user_id', 'item_id', 'note'; interactions need"):
        predictor.predict(pd.DataFrame({"user_id": [1], "item_id": [10], "note": ["x"]}))


def test_answering_rows_needs_no_pandas(predictor: RankingPredictor, tmp_path: Path) -> None:
    dated = write_tiny(tmp_path / "dated", data={"spec": {"time_unit": "datetime", "missing": []}})
    script = (
        "import sys, json; from pathlib import Path; from importlib.abc import MetaPathFinder\n"
        "class WithoutPandas(MetaPathFinder):\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name.split('.')[0] == 'pandas': raise ImportError('there is no pandas')\n"
        "sys.meta_path.insert(0, WithoutPandas())\n"
        "from components.kits.tables.encoding.cells import columns_of_rows\n"
        "from components.recipes.next_item.serving.predictor import open_predictor\n"
        "for folder, rows in json.load(sys.stdin):\n"
        "    columns = open_predictor(Path(folder)).answer(columns_of_rows(rows), deny=[15]).columns()\n"
        "    print(json.dumps({name: values.tolist() for name, values in columns.items()}))"
    )
    dates = [{"user_id": 7, "item_id": item, "timestamp": f"2020-01-0{item - 9}T10:00:00Z"} for item in (12, 10)]
    tiny = predictor.bundle.folder
    asked: list[tuple[Path, list[dict[str, Any]]]] = [(tiny, ROWS), (tiny, [{"user_id": 2}]), (dated, dates)]
    done = subprocess.run(
        [sys.executable, "-c", script],
        input=json.dumps([(str(folder), rows) for folder, rows in asked]),
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    expected = [open_predictor(folder).recommend(pd.DataFrame(rows), deny=[15]) for folder, rows in asked]
    assert [len(one["item"]) for one in found] == [9, 3, 3]
    for one, frame in zip(found, expected, strict=True):
        assert one == frame.to_dict("list")
