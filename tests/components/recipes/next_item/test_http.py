"""Rows of a request for items: a user's id or a history, answered as `casebook predict` answers them."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from components.core.forgotten import digest_of
from components.recipes.next_item.encoding.histories import Histories
from components.recipes.next_item.encoding.weights import history_weights
from components.recipes.next_item.http import RankingService, open_service
from components.recipes.next_item.online.scorers import QuickNeighbours
from components.recipes.next_item.params.recency import RecencyParams
from components.recipes.next_item.serving.asked import Asked
from components.recipes.next_item.serving.predictor import RANGE, open_predictor
from components.recipes.next_item.serving.stored import encoders_of, write_stored
from components.serving.problems import Problem
from components.serving.service import Explain, Options
from tests.components.recipes.next_item.serving.test_stored import EVENTS
from tests.components.recipes.next_item.serving.tiny import DATA, write_tiny

SPEC: Any = DATA["spec"]
AGE: Any = {"users": {"columns": {"gender": {"column": "sex:token", "kind": "category"}}}}
EVENT = {"item": 10, "time": 700}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    spec = {**SPEC, **AGE}
    return write_tiny(tmp_path_factory.mktemp("tiny") / "bundle", data={"spec": spec, RANGE: [1.0, 5.0]})


@pytest.fixture(scope="module")
def service(bundle: Path) -> RankingService:
    return open_service(bundle, None, None)


def asked(service: RankingService, *rows: Any, explain: Explain = "declined", strict: bool = False, **more: Any) -> Any:
    """What is answered to rows that are right in form."""
    assert [wrong for row in rows for wrong in service.check(row)] == []
    found = service.answer(list(rows), Options(explain, strict, service.options(more)))
    return [one.wrong or one.values for one in found]


def flat(answers: Any) -> pd.DataFrame:
    rows = [
        {"user": one["user"], **item, "answered_by": one["answered_by"]} for one in answers for item in one["items"]
    ]
    return pd.DataFrame(rows)


def frame(*rows: tuple[Any, ...]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp", "rating"])


@pytest.mark.parametrize("explain", ["always", "never"])
def test_users_and_histories_of_one_request_are_answered_as_predict_answers_each(
    bundle: Path, service: RankingService, explain: Explain
) -> None:
    history = [{"item": 12, "time": 30, "rating": 4}, {"item": "11", "time": 20, "rating": None}]
    other = [{"item_id": 15, "timestamp": 5}]
    rows = [{"user": 2}, {"user": "1"}, {"user": 1, "history": history}, {"history": other}, {"user_id": 7}]
    predictor, because = open_predictor(bundle), explain == "always"
    wanted = [
        predictor.recommend(pd.DataFrame({"user_id": [2, 1, 7]}), because=because),
        predictor.recommend(frame(("1", 12, 30, 4), ("1", "11", 20, None)), because=because),
        predictor.recommend(frame((None, None, None, None), ("x", 15, 5, None)), because=because),
    ]
    found = asked(service, *rows, explain=explain)
    for parts, expected in zip([[0, 1, 4], [2], [3]], wanted, strict=True):
        answers = flat([{**found[part], "user": found[part]["user"] or "x"} for part in parts])
        pd.testing.assert_frame_equal(
            answers, expected.drop(columns="warnings")[[*answers]], rtol=0, atol=1e-6, check_dtype=False
        )
    assert ("because" in found[0]["items"][0]) == because
    if because:
        assert {item["because"] for item in found[2]["items"]} & {"11", "12"}


def test_a_stranger_alone_is_answered_without_a_reason(service: RankingService) -> None:
    (found,) = asked(service, {"user": "nobody"}, explain="always")
    assert found["answered_by"] == "popularity"
    assert {item["because"] for item in found["items"]} == {None}
    assert "the model does not know" in found["warnings"][0]
    (found,) = asked(service, {"user": "nobody", "gender": "F"}, explain="always")
    assert found["answered_by"] == "features"


def test_items_without_times_stand_a_minute_apart_the_newest_last(service: RankingService) -> None:
    times = [{"item": 10, "time": 880}, {"item": 12, "time": 940}, {"item": 11, "time": 1000}]  # the fit's last
    plain, timed, objects = asked(
        service,
        {"history": [10, "12", 11]},
        {"history": times},
        {"history": [{"item": one["item"]} for one in times]},
    )
    assert plain == timed == objects
    assert plain["user"] is None


def test_times_are_written_as_those_of_the_case(tmp_path: Path) -> None:
    for unit in ("datetime", "milliseconds", "excel_days"):
        spec = {**SPEC, "time_unit": unit, "duplicates": "drop"}
        last = 1_500_000_000
        found = open_service(
            write_tiny(tmp_path / unit, data={"spec": spec, "last_time": last, "first_time": last - 10**6}), None, None
        )
        (answer,) = asked(found, {"history": [10, 10, 11]})
        assert answer["answered_by"] == "blend"
        assert ["the last 2 of each" in one for one in answer["warnings"]] == [True]
        (kept,) = found.answer([{"history": [10, 11]}], Options())
        assert kept.kept is not None
        assert len(kept.kept) == 2


@pytest.mark.parametrize(
    ("row", "loc", "told"),
    [
        (7, (), "no object"),
        ({}, ("user",), "is missing"),
        ({"user": None}, ("user",), "is missing"),
        ({"user": True}, ("user",), "is no id"),
        ({"user": ["1"]}, ("user",), "is no id"),
        ({"user": "NA"}, ("user",), "stands for none"),
        ({"user": "a\nb"}, ("user",), "end of a line"),
        ({"user": 1e300}, ("user",), "is no id"),
        ({"user": 1, "user_id": 2}, ("user_id",), "stands twice"),
        ({"user": 1, "zip": 2}, ("zip",), "no column of the model"),
        ({"user": 1, "gender": {}}, ("gender",), "no text, number or null"),
        ({"user": 1, "item_id": 2}, ("item_id",), "put events into `history`"),
        ({"user": 1, "history": "10"}, ("history",), "no list of items"),
        ({"history": []}, ("history",), "is empty"),
        ({"history": [None]}, ("history", 0), "is no id"),
        ({"history": [EVENT, 11]}, ("history", 1, "time"), "give each event its time"),
        ({"history": [{**EVENT, "place": 3}]}, ("history", 0, "place"), "nothing that an event has"),
        ({"history": [{**EVENT, "rating": [5]}]}, ("history", 0, "rating"), "no text, number or null"),
        ({"history": [{"time": 3}]}, ("history", 0, "item"), "is no id"),
    ],
)
def test_what_is_wrong_with_a_row_is_told_where_it_is(
    service: RankingService, row: Any, loc: tuple[str | int, ...], told: str
) -> None:
    found = service.check(row)
    assert loc in [one.loc for one in found]
    assert any(told in one.msg for one in found if one.loc == loc)


def test_a_history_of_many_faults_is_told_shortly(service: RankingService) -> None:
    assert len(service.check({"history": [None] * 5000})) < 30


def test_a_time_that_is_none_is_its_row_s_alone(service: RankingService) -> None:
    wrong, right = asked(service, {"history": [{"item": 10, "time": "soon"}]}, {"user": 1})
    assert wrong[0].loc == ("history",)
    assert "no time (seconds), such as 'soon'" in wrong[0].msg
    assert right["user"] == "1"


def test_what_training_never_had_is_warned_of_and_refused_when_strict(service: RankingService) -> None:
    rows = [{"history": [{**EVENT, "rating": 9}, {**EVENT, "item": "no such"}]}, {"user": "nobody"}, {"user": 1}]
    found = asked(service, *rows)
    assert found[0]["warnings"] == [
        "rating 9 is outside training's 1 to 5",
        "1 event(s) of items that the model does not know, such as 'no such': ignored",
    ]
    refused = asked(service, *rows, strict=True)
    assert [len(one) for one in refused[:2]] == [2, 1]
    assert [refused[0][0].loc, refused[1][0].loc] == [("history",), ("user",)]
    assert refused[2]["user"] == "1"


def test_items_are_chosen_as_predict_chooses_them(bundle: Path, service: RankingService) -> None:
    predictor, users = open_predictor(bundle), pd.DataFrame({"user_id": [1, 2]})
    by_user = {"1": [13, 14], "2": ["15"]}
    for given, wanted in (
        ({"top": 1}, {"top": 1}),
        ({"allow": [13, "14"]}, {"allow": [13, "14"]}),
        ({"deny": by_user, "top": 6}, {"deny": by_user, "top": 6}),
        ({"allow": by_user, "include_seen": False}, {"allow": by_user, "exclude_seen": True}),
        ({"include_seen": True, "top": 6}, {"exclude_seen": False, "top": 6}),
        ({"because": True, "allow": None}, {"because": True}),
    ):
        found = flat(asked(service, {"user": 1}, {"user": 2}, **given))
        expected = predictor.recommend(users, **wanted).drop(columns="warnings")
        pd.testing.assert_frame_equal(found, expected[[*found]], rtol=0, atol=1e-6, check_dtype=False)


@pytest.mark.parametrize(
    ("given", "loc"),
    [
        ({"top": 0}, ("top",)),
        ({"top": True}, ("top",)),
        ({"allow": "13"}, ("allow",)),
        ({"allow": ["no such"]}, ("allow",)),
        ({"deny": [[13]]}, ("deny", 0)),
        ({"deny": {"1": [None]}}, ("deny", "1", 0)),
        ({"include_seen": 1}, ("include_seen",)),
        ({"curve": True}, ("curve",)),
    ],
)
def test_a_choice_that_is_none_is_told_at_its_key(service: RankingService, given: Any, loc: tuple[str, ...]) -> None:
    with pytest.raises(Problem) as found:
        service.options(given)
    assert (found.value.status, found.value.detail[0].loc) == (422, loc)


def test_requests_of_equal_lists_wait_for_one_answer(service: RankingService) -> None:
    keys = {Options(more=service.options({"deny": {"1": [ids]}})).key for ids in (13, 13, 14)}
    assert len(keys) == 2


@pytest.mark.parametrize("recency", [(10, None, 0.0, None), (3, 40, 0.1, 2)])
def test_tables_weigh_histories_as_the_predictor_does_to_the_last_bit(service: RankingService, recency: Any) -> None:
    quick = service.predictor.member_scorers["ease"]
    assert isinstance(quick, QuickNeighbours)
    start, item = np.array([0, 4, 4, 9]), np.array([1, 2, 1, 5, 3, 3, 3, 0, 2], np.int32)
    time = np.array([10, 20, 90, 95, 1, 2, 200, 210, 211])
    histories = Histories(item, time, np.zeros(9, np.int8), start)
    params = RecencyParams(**dict(zip(("events", "seconds", "floor", "last"), recency, strict=True)))
    quick.recency, before = params, quick.recency
    try:
        found = quick.weights(Asked(np.array(["a", "b", "c"], object), np.full(3, -1), histories))
    finally:
        quick.recency = before
    wanted = history_weights(histories, params, 6).astype(np.float32)
    assert (found != wanted).nnz == 0
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found.indices, wanted.indices)


def test_who_is_forgotten_is_a_stranger_and_later_events_count(bundle: Path, tmp_path: Path) -> None:
    write_stored(tmp_path, EVENTS, ["new"], encoders_of(open_predictor(bundle).catalogue))
    service = open_service(bundle, tmp_path, None)
    one, new = asked(service, {"user": 1}, {"user": "new"}, top=6)
    assert {item["item"] for item in one["items"]} == {"12", "14", "15"}  # 13 was had after the fit
    assert new["answered_by"] == "blend"
    service.forget([digest_of(["1"]), digest_of(["new"])])
    one, new = asked(service, {"user": 1}, {"user": "new"}, top=6)
    assert (one["answered_by"], new["answered_by"]) == ("popularity", "popularity")
    assert len(one["items"]) == 6
    assert service.schema()["examples"][0] == {"user": "2"}
    assert service.find("user", "1", 20) == []


def test_interactions_of_other_clients_are_gathered_and_answered_as_predict_writes_them(
    bundle: Path, service: RankingService
) -> None:
    rows = frame(("b", 10, 3, 5.0), ("a", 12, 9, None), ("b", 11, 1, 3.0), (None, 13, 4, 2.0), ("c", None, None, None))
    given = [{name: None if cell != cell else cell for name, cell in row.items()} for row in rows.to_dict("records")]
    gathered = service.gathered(given)
    assert [row["user_id"] for row in gathered] == ["b", "a", "c"]
    found = pd.DataFrame(service.flat(asked(service, *gathered)))
    expected = open_predictor(bundle).predict(rows)
    pd.testing.assert_frame_equal(
        found.drop(columns="warnings"),
        expected[[*found]].drop(columns="warnings"),
        rtol=0,
        atol=1e-6,
        check_dtype=False,
    )
    assert service.gathered([{"user": 1}, 5]) == [{"user": 1}, 5]
    with pytest.raises(Problem, match="no row names a user"):
        service.gathered([{"item_id": 5, "timestamp": 3}])


def test_the_schema_has_examples_that_are_answered_and_items_are_found_by_their_titles(service: RankingService) -> None:
    schema = service.schema()
    assert {"user", "history", "gender"} == set(schema["properties"])
    for row in asked(service, *schema["examples"], explain="always"):
        assert row["answered_by"] == "blend"
    assert service.find("history", "eleven", 20) == [{"value": "11", "title": "Eleven"}]
    assert [one["value"] for one in service.find("item", "1", 2)] == ["10", "11"]
    assert service.about() == {"columns": DATA["columns"], "top": 3, "users": 3, "items": 6, "titles": True}
