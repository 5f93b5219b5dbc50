"""What is asked and told of side files, and sets in whatever way they are written."""

import logging
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from components.core.errors import CasebookError
from components.recipes.next_item.preparation.cells import parse_list
from tests.components.recipes.next_item.preparation.events import block, events, prepare, prepared, three_each

TOWN = {"town": {"column": "town", "kind": "category"}}
USERS = {"file": "users.csv", "id": "user", "columns": TOWN}


def items(separator: str = "|", file: str = "items.csv") -> dict[str, Any]:
    tags = {"tags": {"column": "tags", "kind": "set", "separator": separator}}
    return {"file": file, "id": "item", "title": None, "columns": tags}


def labels(folder: Path, rows: str, separator: str = "|") -> list[str]:
    meta = prepare(folder, three_each(), block(items=items(separator)), {"items.csv": rows})
    return list(meta.data["item_features"][0]["labels"][1:])


def test_ids_of_which_few_have_a_row_are_asked_with_an_example_of_each_side(tmp_path: Path) -> None:
    rows = events([(user, item, item) for user in (12, 7) for item in (1, 2, 3)])
    content = block(users=USERS, least_known=0.5)
    with pytest.raises(CasebookError) as caught:
        prepare(tmp_path, rows, content, {"users.csv": "user,town\n00012,Rome\n00007,Oslo\n"})
    assert str(caught.value).partition("users.csv: ")[2] == (
        "user: 0 of 2 users (0%) have a row ('7' in the events, '00007' in the file); write the ids alike, or set "
        "prepare.users: null to go without, or prepare.least_known to the share that will do"
    )
    prepare(tmp_path, rows, content, {"users.csv": "user,town\n12,Rome\n8,Oslo\n"})  # a half is not under a half


def test_the_share_of_ids_that_have_a_row_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        prepare(tmp_path, three_each("abc"), block(users=USERS), {"users.csv": "user,town\na,Rome\nb,Oslo\nz,Bonn\n"})
    assert "users.csv: user: 2 of 3 users (67%) have a row ('c' in the events, 'z' in the file)" in caplog.text


def test_ids_are_one_in_both_files_in_whatever_form(tmp_path: Path) -> None:
    rows = pd.DataFrame({"user": [12.0] * 3, "item": [1, 2, 3], "time": [1, 2, 3], "rating": 1.0})
    content = block(users=USERS, file="events.parquet", least_known=1.0)
    prepare(tmp_path, rows, content, {"users.csv": "user,town\n 12.0,Rome\n"})
    assert prepared(tmp_path)["users"].to_dict("list") == {"id": ["12"], "town": [1]}


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (
            "1,x;y\n2,y\n3,\n",
            "tags: none of 2 cell(s) holds the separator '|', and 1 hold ';', such as 'x;y': set",
        ),
        ("1,x\n2,y\n3,\n", "tags: none of 2 cell(s) holds the separator '|': all are sets of one"),
        (
            "1,Drama\n2,drama|x\n3,drama\n",
            "1 class(es) are written in several ways, such as 'drama' (2) and 'Drama' (1)",
        ),
    ],
)
def test_a_separator_that_occurs_nowhere_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, rows: str, told: str
) -> None:
    with caplog.at_level(logging.WARNING):
        labels(tmp_path, "item,tags\n" + rows)
    assert told in caplog.text


def test_texts_that_tell_users_apart_and_classes_in_several_ways_are_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    names = [f"{chr(97 + place // 5)}{place}" for place in range(25)]
    rows = "".join(f"{name},u{name}\n" for name in names)
    with caplog.at_level(logging.WARNING):
        prepare(tmp_path, events([(name, item, item) for name in names for item in range(3)]), block(users=USERS),
                {"users.csv": "user,town\n" + rows})  # fmt: skip
    assert "users.csv: town: 25 different texts in 25 rows: a class each tells them apart" in caplog.text
    caplog.clear()
    sexes = ["M", "male", "m", "F", "F"]
    rows = "".join(f"{user},{sex}\n" for user, sex in zip("abcde", sexes, strict=True))
    with caplog.at_level(logging.WARNING):
        prepare(tmp_path, three_each("abcde"), block(users=USERS), {"users.csv": "user,town\n" + rows})
    assert "1 class(es) are written in several ways, such as 'M' (1) and 'm' (1): they are different" in caplog.text
    assert "'M' (1) and 'male' (1) may be one class in short and in full" in caplog.text


@pytest.mark.parametrize(
    "rows",
    [
        "1,\"['a', 'b, c']\"\n2,\"['a']\"\n3,[]\n",
        '1,"[""b, c"", ""a""]"\n2,"[""a""]"\n3,\n',
        "1,\"['a' 'b, c']\"\n2,['a']\n3,x\n",
    ],
)
def test_lists_as_programs_write_them_are_sets(tmp_path: Path, caplog: pytest.LogCaptureFixture, rows: str) -> None:
    with caplog.at_level(logging.WARNING):
        found = labels(tmp_path, "item,tags\n" + rows)
    assert found == ["a", "b, c"]
    assert "cell(s) are lists such as ['a', 'b']: read so" in caplog.text
    assert [tags.tolist() for tags in prepared(tmp_path)["items"]["tags"]][:2] == [[1, 2], [1]]


def test_lists_are_taken_apart() -> None:
    assert parse_list("['it\\'s', \"b's\"]") == ["it's", "b's"]
    assert parse_list("(1, 2,)") == ["1", "2"]
    assert parse_list("{}") == []


def test_a_list_of_parquet_is_a_set_and_no_category(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    rows = pd.DataFrame({"item": [1, 2, 3], "tags": [["x|y", "z"], [], None], "lists": [[1], [2], [3]]})
    rows.to_parquet(raw / "items.parquet", index=False)
    meta = prepare(tmp_path, three_each(), block(items=items(file="items.parquet")))
    assert meta.data["item_features"][0]["labels"] == ["(unknown)", "x|y", "z"]
    wrong = items(file="items.parquet") | {"columns": {"x": {"column": "lists", "kind": "category"}}}
    with pytest.raises(CasebookError, match=r"items.parquet: column lists: its type is BIGINT\[\], which is no cat"):
        prepare(tmp_path, three_each(), block(items=wrong))
