import logging
from pathlib import Path

import pandas as pd
import pytest

from components.core.errors import CasebookError
from components.core.forgotten import digest_of
from components.recipes.next_item import predict
from components.recipes.next_item.predict import predict_file, users_in_turn
from components.recipes.next_item.serving.predictor import open_predictor
from components.recipes.next_item.serving.remarks import Remarks
from tests.components.recipes.next_item.serving.tiny import write_tiny

INTERACTIONS = pd.DataFrame(
    {
        "user_id": ["b", "a", "b", "c", "a", "b"],
        "item_id": [10, 12, 11, 13, 10, 15],
        "timestamp": [3, 9, 1, 4, 2, 2],
        "rating": [5.0, None, 3.0, 2.0, 1.0, 4.0],
    }
)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny(tmp_path_factory.mktemp("tiny") / "bundle")


@pytest.mark.parametrize("kind", ["csv", "tsv", "parquet"])
def test_interactions_are_answered_as_in_memory_in_whatever_order_they_stand(
    bundle: Path, tmp_path: Path, kind: str
) -> None:
    source, target = tmp_path / f"rows.{kind}", tmp_path / "out.parquet"
    if kind == "parquet":
        INTERACTIONS.to_parquet(source)
    else:
        INTERACTIONS.to_csv(source, sep="," if kind == "csv" else "\t", index=False)
    assert predict_file(bundle, source, target, {}) == 9
    answer = pd.read_parquet(target)
    assert answer["user"].drop_duplicates().tolist() == ["b", "a", "c"]
    expected = open_predictor(bundle).predict(INTERACTIONS)
    pd.testing.assert_frame_equal(answer, expected, check_dtype=False, atol=1e-6)


def test_users_are_cut_into_batches_without_a_difference(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    INTERACTIONS.to_csv(tmp_path / "rows.csv", index=False)
    whole, parts = tmp_path / "whole.parquet", tmp_path / "parts.parquet"
    predict_file(bundle, tmp_path / "rows.csv", whole, {"top": 2})
    monkeypatch.setattr(predict, "BATCH_ROWS", 2)
    frames = users_in_turn(tmp_path / "rows.csv", open_predictor(bundle).data, tmp_path, Remarks())
    assert [frame["user_id"].tolist() for frame in frames] == [["b", "b", "b"], ["a", "a"], ["c"]]
    predict_file(bundle, tmp_path / "rows.csv", parts, {"top": 2})
    pd.testing.assert_frame_equal(pd.read_parquet(parts), pd.read_parquet(whole), atol=1e-6)


def test_a_list_of_users_is_answered_from_stored_histories_each_once(
    bundle: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "users.csv").write_text("user_id\n2\n1\n 2 \nstranger\n\n", encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        assert predict_file(bundle, tmp_path / "users.csv", tmp_path / "out.csv", {"top": 2}) == 6
    answer = pd.read_csv(tmp_path / "out.csv", dtype={"user": str, "item": str})
    assert list(answer.columns) == ["user", "rank", "item", "score", "title", "answered_by"]
    assert answer["answered_by"].tolist() == ["blend"] * 4 + ["popularity"] * 2
    assert answer["user"].tolist() == ["2", "2", "1", "1", "stranger", "stranger"]
    expected = open_predictor(bundle).recommend(pd.DataFrame({"user_id": [2, 1]}), top=2)
    assert answer["item"].tolist() == [*expected["item"], "11", "12"]
    assert "1 user(s) that the model does not know" in caplog.text


def test_who_is_forgotten_is_answered_as_a_stranger(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text("user_id\n2\n1\nstranger\n", encoding="utf-8")
    predict_file(bundle, tmp_path / "users.csv", tmp_path / "out.csv", {"top": 2, "forgotten": (digest_of(["2"]),)})
    answer = pd.read_csv(tmp_path / "out.csv", dtype={"user": str, "item": str})
    expected = open_predictor(bundle).recommend(pd.DataFrame({"user_id": [1]}), top=2)
    assert answer["item"].tolist() == ["11", "12", *expected["item"], "11", "12"]


def test_warnings_of_all_batches_are_one(
    bundle: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predict, "BATCH_USERS", 1)
    pd.DataFrame({"user_id": ["x", "y", None, "z"]}).to_parquet(tmp_path / "users.parquet")
    with caplog.at_level(logging.WARNING):
        predict_file(bundle, tmp_path / "users.parquet", tmp_path / "out.parquet", {})
    assert sorted(caplog.messages) == [
        "1 row(s) without a user, such as row 3: not answered",
        "3 user(s) that the model does not know, without a history, such as 'x': answered by popularity",
    ]


def test_allow_and_deny_files_hold_an_id_a_line(bundle: Path, tmp_path: Path) -> None:
    INTERACTIONS.to_csv(tmp_path / "rows.csv", index=False)
    (tmp_path / "allow.txt").write_text("\ufeff13\n\n 14 \n15\n", encoding="utf-8")
    (tmp_path / "deny.txt").write_text("14\n", encoding="utf-8")
    options = {"top": 3, "allow": tmp_path / "allow.txt", "deny": tmp_path / "deny.txt"}
    predict_file(bundle, tmp_path / "rows.csv", tmp_path / "out.parquet", options)
    answer = pd.read_parquet(tmp_path / "out.parquet")
    assert {user: set(rows["item"]) for user, rows in answer.groupby("user")} == {
        "a": {"13", "15"},
        "b": {"13"},
        "c": {"15"},
    }


@pytest.mark.parametrize(
    "header",
    ["user_id,item_id,note", "item_id;user_id", "user\titem", "parquet"],
    ids=["csv", "semicolon", "plain", "parquet"],
)
def test_lists_of_single_users_hold_for_these_alone(
    bundle: Path, tmp_path: Path, header: str, caplog: pytest.LogCaptureFixture
) -> None:
    INTERACTIONS.to_csv(tmp_path / "rows.csv", index=False)
    pairs = pd.DataFrame({"user_id": ["a", "a", "b"], "item_id": [13, 15, 13], "note": "x"})
    if header == "parquet":
        pairs.to_parquet(tmp_path / "lists")
    else:
        delimiter = next(mark for mark in ",;\t" if mark in header)
        names = header.split(delimiter)
        named = pairs.rename(columns={"user_id": "user", "item_id": "item"}) if "user" in names else pairs
        named[names].to_csv(tmp_path / "lists", sep=delimiter, index=False)

    def answered(**options: Path) -> dict[str, set[str]]:
        predict_file(bundle, tmp_path / "rows.csv", tmp_path / "out.parquet", {"top": 6, **options})
        answer = pd.read_parquet(tmp_path / "out.parquet")
        return {str(user): set(rows["item"]) for user, rows in answer.groupby("user")}

    assert answered(deny=tmp_path / "lists") == {
        "a": {"11", "14"},
        "b": {"12", "14"},
        "c": {"10", "11", "12", "14", "15"},
    }
    caplog.clear()
    assert answered(allow=tmp_path / "lists") == {"a": {"13", "15"}, "b": {"13"}}
    assert "1 user(s) of whom the allow list has no line, such as 'c': nothing is answered" in caplog.messages


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("user_id,item_id\na,\n", "row 1 has no item; fill it in"),
        ("user_id,item_id\n", "it has a header but no rows"),
        ("user_id,item_id\na,i7\n", "deny list: none of its 1 line(s) is an item that the model knows, such as 'i7'"),
        ("user_id,film\na,10\n", "deny list: none of its 2 line(s) is an item"),
    ],
)
def test_lists_that_cannot_be_meant_are_refused(bundle: Path, tmp_path: Path, text: str, told: str) -> None:
    INTERACTIONS.to_csv(tmp_path / "rows.csv", index=False)
    (tmp_path / "deny.csv").write_text(text, encoding="utf-8")
    with pytest.raises(CasebookError) as error:
        predict_file(bundle, tmp_path / "rows.csv", tmp_path / "out.csv", {"deny": tmp_path / "deny.csv"})
    assert told in str(error.value)


def test_all_users_and_items_like_one_need_no_file(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predict, "BATCH_USERS", 2)
    nobody, predictor = tmp_path / "users.csv", open_predictor(bundle)
    predict_file(bundle, nobody, tmp_path / "all.parquet", {"users": "all", "forgotten": (digest_of(["2"]),)})
    expected = predictor.predict(pd.DataFrame({"user_id": ["1", "3"]}))
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "all.parquet"), expected, check_dtype=False)
    predict_file(bundle, nobody, tmp_path / "like.csv", {"like_item": "12", "top": 2, "because": True})
    found = pd.read_csv(tmp_path / "like.csv", dtype={"like": str, "item": str})
    alone = predictor.recommend(pd.DataFrame({"user_id": ["x"], "item_id": [12], "timestamp": [1000]}), top=2)
    assert list(found.columns) == ["like", "rank", "item", "score", "title", "answered_by"]
    assert found["item"].tolist() == alone["item"].tolist()
    assert found["like"].tolist() == ["12", "12"]
    with pytest.raises(CasebookError, match="item '99': the model does not know it; its items are called such as '10'"):
        predict_file(bundle, nobody, tmp_path / "no.csv", {"like_item": "99"})


def test_seen_items_and_reasons_are_answered_where_they_are_asked_for(bundle: Path, tmp_path: Path) -> None:
    INTERACTIONS.to_csv(tmp_path / "rows.csv", index=False)
    predict_file(
        bundle, tmp_path / "rows.csv", tmp_path / "out.parquet", {"include_seen": True, "because": True, "top": 6}
    )
    answer = pd.read_parquet(tmp_path / "out.parquet")
    assert answer.groupby("user")["item"].nunique().to_dict() == {"a": 6, "b": 6, "c": 6}
    assert list(answer.columns)[-3:] == ["answered_by", "because", "because_title"]
    reason = answer.set_index(["user", "item"])["because"].fillna("")
    assert (reason["a", "15"], reason["b", "13"], reason["a", "14"]) == ("12", "11", "")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (
            "customer,item_id\n1,10\n",
            "column 'user_id' (the user's id) is missing; the columns there are: 'customer",
        ),
        ("user_id,item_id\n1,10\n", "column 'timestamp' (the time, seconds) is missing"),
        ("user_id,item_id,timestamp\n", "it has a header but no rows"),
        ("user_id,item,timestamp\n1,10,5\n", "column 'item_id' (the item) is missing, and there is 'item'; give it"),
        ("user_id,item_id,time\n1,10,5\n", "column 'timestamp' (the time) is missing, and there is 'time'"),
        ("user_id,item_id,timestamp,Ratings\n1,10,5,3\n", "column 'rating' (the rating) is missing, and there is 'Rat"),
        ("user_id,film,timestamp\n1,10,5\n", "column 'item_id' (the item) is missing, and 'timestamp' is there"),
        ("user_id,user_id\n1,2\n", "column 'user_id' stands more than once; rename all but one"),
        ("user_id,item_id,timestamp\n,10,5\n", "column 'user_id' names no user in any of 1 row(s)"),
        ("", "the file is empty"),
        ("user_id,item_id,timestamp\n1,10,late\n", "1 cell(s) are no time (seconds), such as 'late'"),
        (None, "no such file"),
    ],
)
def test_a_wrong_file_is_one_message_and_nothing_is_written(
    bundle: Path, tmp_path: Path, content: str | None, told: str
) -> None:
    source, target = tmp_path / "rows.csv", tmp_path / "out" / "o.parquet"
    if content is not None:
        source.write_text(content, encoding="utf-8")
    with pytest.raises(CasebookError) as error:
        predict_file(bundle, source, target, {})
    assert told in str(error.value)
    assert not target.parent.exists() or list(target.parent.iterdir()) == []


def test_a_wrong_list_of_items_is_one_message(bundle: Path, tmp_path: Path) -> None:
    INTERACTIONS.to_csv(tmp_path / "rows.csv", index=False)
    (tmp_path / "empty.txt").write_text("\n \n")
    (tmp_path / "table.csv").write_text("item,title\n10,Film\n")
    (tmp_path / "deny.bin").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "all.txt").write_text("\n".join(map(str, range(10, 16))))
    for options, told in [
        ({"allow": tmp_path / "none.txt"}, "none.txt: not found"),
        ({"allow": tmp_path / "empty.txt"}, "empty.txt: no item id in it"),
        ({"deny": tmp_path / "deny.bin"}, "deny.bin: not a text file of item ids"),
        ({"deny": tmp_path / "table.csv"}, "deny list: none of its 2 line.* no other column"),
        ({"deny": tmp_path / "all.txt"}, "no item is left for any of its users"),
    ]:
        with pytest.raises(CasebookError, match=told):
            predict_file(bundle, tmp_path / "rows.csv", tmp_path / "o.parquet", options)
    assert not (tmp_path / "o.parquet").exists()
