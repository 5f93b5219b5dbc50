"""Side files to codes: vocabularies of training, bands, sets, and what is wrong with a side file."""

import logging
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from components.core.errors import CasebookError
from components.core.job import Meta
from components.recipes.next_item.params.interactions import BandFeature, CategoryFeature, SetFeature
from components.recipes.next_item.preparation.features import encode, fit_feature
from tests.components.recipes.next_item.preparation.events import block, events, prepare, prepared, three_each

USERS = {
    "file": "users.csv",
    "id": "user",
    "columns": {
        "age": {"column": "years", "kind": "band", "edges": [18.0, 30.0]},
        "town": {"column": "town", "kind": "category"},
    },
}
ITEMS = {
    "file": "items.csv",
    "id": "item",
    "title": "name",
    "columns": {"tags": {"column": "tags", "kind": "set", "separator": "|"}},
}
# Items 2 and 3 are asked only, so that what they alone have is not known; 9 never occurs.
ITEM_ROWS = "item,name,tags\n1,One,new| old |new\n2, Two,new|odd\n9,Nine,none\n"
USER_ROWS = "user,years,town\na,17.5,Rome\nb,18,\nz,40,Oslo\n"


def run(folder: Path, users: str = USER_ROWS, items: str = ITEM_ROWS, **changes: Any) -> Meta:
    content = block(users=USERS, items=ITEMS, **changes)
    return prepare(folder, three_each(), content, {"users.csv": users, "items.csv": items})


def test_codes_are_of_training_and_unknown_where_nothing_is_known(tmp_path: Path) -> None:
    meta = run(tmp_path)
    tables = prepared(tmp_path)
    assert tables["users"].to_dict("list") == {"id": ["a", "b"], "age": [1, 2], "town": [1, 0]}
    assert [tags.tolist() for tags in tables["items"]["tags"]] == [[1, 2], [1], []]
    assert tables["items"]["title"].tolist()[:2] == ["One", "Two"]
    assert tables["items"]["count"].tolist() == [2, 0, 0]
    assert meta.data["user_features"] == [
        {"name": "age", "kind": "band", "size": 4, "labels": ["(unknown)", "<18", "18 to <30", "≥30"]},
        {"name": "town", "kind": "category", "size": 2, "labels": ["(unknown)", "Rome"]},
    ]
    assert meta.data["item_features"] == [
        {"name": "tags", "kind": "set", "size": 3, "labels": ["(unknown)", "new", "old"]}
    ]


def test_ids_of_side_files_are_matched_as_texts(tmp_path: Path) -> None:
    rows = three_each("7").assign(user=7)
    content = block(users=USERS, file="events.parquet")
    prepare(tmp_path, rows.astype("int64"), content, {"users.csv": "user,years,town\n 7 ,20,Rome\n07,1,Oslo\n"})
    assert prepared(tmp_path)["users"].to_dict("list") == {"id": ["7"], "age": [2], "town": [1]}


def test_numbers_that_are_none_are_unknown_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        run(tmp_path, users="user,years,town\na,old,Rome\nb,nan,Rome\n")
    assert "users.csv: years: 1 value(s) are no numbers, such as 'old': unknown" in caplog.text
    assert prepared(tmp_path)["users"]["age"].tolist() == [0, 0]


def test_rows_without_an_id_are_left_out_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        run(tmp_path, users=USER_ROWS + ",1,Rome\n,2,Rome\n")
    assert "users.csv: user: 2 row(s) have no id and are left out" in caplog.text


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"users": USER_ROWS + "a ,1,Bonn\nz,1,Bonn\nz,1,Bonn\n"},
            "users.csv: column user: 2 id(s) stand in more than one row, such as 'a' in 2",
        ),
        (
            {"users": "user,town\na,Rome\n"},
            "users.csv: 1 column(s) of params.yaml are missing: 'years'; the file has 'user', 'town'; "
            "correct the file or the names under prepare.users",
        ),
        ({"items": ""}, "items.csv: the file is empty"),
        ({"items": "item,name,tags\n1,2\n"}, "items.csv: cannot be read"),
    ],
)
def test_a_side_file_that_is_wrong_is_named(tmp_path: Path, changes: dict[str, str], expected: str) -> None:
    with pytest.raises(CasebookError) as caught:
        run(tmp_path, **changes)
    assert expected in str(caught.value)


def test_a_side_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CasebookError, match=r"users.csv: no such file.*prepare.users"):
        prepare(tmp_path, three_each(), block(users=USERS))


def test_a_side_file_with_a_header_only_leaves_all_unknown(tmp_path: Path) -> None:
    meta = run(tmp_path, users="user,years,town\n")
    assert prepared(tmp_path)["users"].to_dict("list") == {"id": ["a", "b"], "age": [0, 0], "town": [0, 0]}
    assert meta.data["user_features"][1]["size"] == 1


def test_a_vocabulary_does_not_see_users_whom_training_does_not_know(tmp_path: Path) -> None:
    rows = events([("a", item, item) for item in range(1, 9)] + [("b", 1, 9), ("b", 2, 10)])
    split = {"by": "time", "validation": 0.1, "test": 0.1}
    prepare(tmp_path, rows, block(users=USERS, split=split), {"users.csv": "user,years,town\na,20,Rome\nb,20,Oslo\n"})
    assert prepared(tmp_path)["users"].to_dict("list") == {"id": ["a", "b"], "age": [2, 2], "town": [1, 0]}


def test_an_edge_belongs_to_the_band_above() -> None:
    column = BandFeature(column="x", kind="band", edges=(10.0, 20.0))
    codes = encode(pa.array([9.9, 10, 19.9, 20, None, float("nan")]), column, fit_feature("x", column, []))
    assert codes.to_pylist() == [1, 2, 2, 3, 0, 0]


def test_sets_are_ascending_codes_without_repeats() -> None:
    column = SetFeature(column="x", kind="set", separator=", ")
    feature = fit_feature("x", column, ["a", "b", "c"])
    cells = pa.array(["c, a, c", None, "", "z", "b,a", "b"])
    assert encode(cells, column, feature).to_pylist() == [[1, 3], [], [], [], [], [2]]
    assert encode(cells.slice(5), column, feature).to_pylist() == [[2]]


def test_a_category_may_be_called_unknown() -> None:
    column = CategoryFeature(column="x", kind="category")
    feature = fit_feature("x", column, ["(unknown)", "b"])
    assert encode(pa.array(["b", "(unknown)", None, "z"]), column, feature).to_pylist() == [2, 1, 0, 0]
