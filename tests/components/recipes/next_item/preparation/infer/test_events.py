"""A `prepare` block for files that nobody has described."""

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from components.core.errors import CasebookError
from components.kits.tables.encoding.reading import TextReading
from components.recipes.next_item.preparation.infer.events import OF_NUMBERS, Said, infer_events

NOTHING_SAID = Said({})
START = 1_600_000_000


def events(users: int = 20, each: int = 6) -> pd.DataFrame:
    """User u has items u + 1, u + 2, ... of `users` + 20."""
    rows = [
        (1 + user, 1 + user + step, 1 + (user + step) % 5, START + 60 * step)
        for user in range(users)
        for step in range(each)
    ]
    return pd.DataFrame(rows, columns=["user", "item", "rating", "time"])


def infer(folder: Path, rows: pd.DataFrame | str, said: Said = NOTHING_SAID, **sides: str) -> dict[str, Any]:
    text = rows if isinstance(rows, str) else rows.to_csv(index=False)
    (folder / "events.csv").write_text(text, encoding="utf-8")
    paths = {name: folder / f"{name}.txt" for name in sides}
    for name, path in paths.items():
        path.write_text(sides[name], encoding="utf-8")
    found = infer_events(folder / "events.csv", paths.get("users"), paths.get("items"), said)
    return {**found.prepare, "evaluate": found.evaluate}


@pytest.mark.parametrize(
    ("factor", "unit"), [(1, "seconds"), (1e3, "milliseconds"), (1e6, "microseconds"), (0, "datetime")]
)
def test_the_unit_of_times(tmp_path: Path, factor: float, unit: str) -> None:
    rows = events()
    times = (rows["time"] * factor).astype("int64") if factor else pd.to_datetime(rows["time"], unit="s").astype(str)
    assert infer(tmp_path, rows.assign(time=times))["time_unit"] == ((OF_NUMBERS if factor else None) or unit)


def test_side_files_give_features_by_what_they_hold(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    users = "user;age;sex;zip;since;empty\n" + "".join(
        f"{user};{20 + user};{'FM'[user % 2]};{10_000 + user};2020-01-{user:02};\n" for user in range(1, 21)
    )
    items = "".join(
        json.dumps({"id": item, "name": f"Film {item}", "Genres": "|".join(["Drama", "Comedy"][: 1 + item % 2])}) + "\n"
        for item in range(1, 41)
    )
    found = infer(tmp_path, events(), users=users, items=items)
    assert found["users"] == {
        "file": "users.txt",
        "id": "user",
        "columns": {
            # ages 21 to 40: every eighth of twenty, rounded up
            "age": {"column": "age", "kind": "band", "edges": [23, 25, 28, 30, 33, 35, 38]},
            "sex": {"column": "sex", "kind": "category"},
        },
    }
    assert found["items"] == {
        "file": "items.txt",
        "id": "id",
        "title": "name",
        "columns": {"genres": {"column": "Genres", "kind": "set", "separator": "|"}},
    }
    assert found["evaluate"] == {"user_features": ["age", "sex"], "genres": "genres"}
    said = caplog.text
    assert "zip is left out: 20 different values in 20 rows" in said
    assert "since is left out: it is a date" in said
    assert "empty is left out: it has no value only" in said


def test_lists_are_sets_whether_a_file_holds_them_or_writes_them(tmp_path: Path) -> None:
    tags = [["new", "sale"], ["sale"], ["new"]]
    items = pd.DataFrame({"item": range(1, 41), "tags": [tags[item % 3] for item in range(40)]})
    wanted = {"tags": {"column": "tags", "kind": "set", "separator": "|"}}
    assert infer(tmp_path, events(), items=items.to_csv(index=False))["items"]["columns"] == wanted
    items.to_parquet(tmp_path / "items.parquet", index=False)
    found = infer_events(tmp_path / "events.csv", None, tmp_path / "items.parquet", NOTHING_SAID)
    assert found.prepare["items"]["columns"] == wanted
    assert found.evaluate["genres"] == "tags"


def test_times_that_cannot_be_read_are_shown(tmp_path: Path) -> None:
    rows = events().assign(time="31/05/2024 18:30")
    told = "'time' .1 different: 31/05/2024 18:30, ….* is called like a time, and is none that can be read: write times"
    with pytest.raises(CasebookError, match=told):
        infer(tmp_path, rows)
    said = Said({"time": "time"})
    with pytest.raises(CasebookError, match=r"column 'time': its 120 value\(s\), such as '31/05/2024 18:30', are"):
        infer(tmp_path, rows, said)


@pytest.mark.parametrize("factor", [1, 1000, None])
def test_double_clicks_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture, factor: int | None) -> None:
    rows = events()
    again = rows[rows["user"] <= 5]
    both = pd.concat([rows, again.assign(time=again["time"] + 2), again.assign(time=again["time"] + 30)])
    times = both["time"] * factor if factor else pd.to_datetime(both["time"], unit="s")
    infer(tmp_path, both.assign(time=times))
    assert "30 of 180 events (17%) come within 2 s of another one of the same user and item" in caplog.text
    caplog.clear()
    infer(tmp_path, pd.concat([rows, again]))  # of one time: `prepare` drops and tells these
    assert "come within" not in caplog.text


def test_ratings_with_a_decimal_comma_are_not_passed_over(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = events()
    text = rows.assign(rating=rows["rating"].map("{},5".format)).to_csv(index=False, sep=";")
    assert infer(tmp_path, text)["columns"]["rating"] is None
    assert "'rating' (5 different: 1,5, 2,5, 3,5, …) is called like a rating, and its cells are no plain" in caplog.text


def test_a_column_to_leave_out_is_one_of_the_files(tmp_path: Path) -> None:
    rows = events().assign(customer_id=1 + events()["user"] % 7)
    with pytest.raises(CasebookError, match="2 columns may be the user"):
        infer(tmp_path, rows)
    assert infer(tmp_path, rows, Said({}, ignore=("customer_id",)))["columns"]["user"] == "user"
    with pytest.raises(CasebookError, match=r"--ignore custmer_id: no file has such a column.*customer_id"):
        infer(tmp_path, rows, Said({}, ignore=("custmer_id",)))


def test_objects_of_json_are_no_ids(tmp_path: Path) -> None:
    lines = [
        json.dumps({"user": {"id": row.user}, "item": row.item, "time": row.time}) for row in events().itertuples()
    ]
    with pytest.raises(CasebookError, match=r"column user: its cells are objects or lists, such as '{\"id\":\d+}'"):
        infer(tmp_path, "\n".join(lines))


def test_lists_are_no_ids(tmp_path: Path) -> None:
    rows = events()
    rows.assign(user=[[user] for user in rows["user"]]).to_parquet(tmp_path / "events.parquet", index=False)
    with pytest.raises(CasebookError, match=r"column user: its type is BIGINT\[\], and ids are texts or whole numbers"):
        infer_events(tmp_path / "events.parquet", None, None, NOTHING_SAID)


def test_ids_that_are_written_otherwise_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    infer(tmp_path, events(), users="user,sex\n" + "".join(f"{user:05},{'FM'[user % 2]}\n" for user in range(1, 21)))
    assert "0% of the events' users have a row: user is such as '00001' here, and '1' there" in caplog.text


def test_without_a_header_the_ids_of_the_side_files_tell_users_from_items(tmp_path: Path) -> None:
    bare = events()[["item", "user", "rating", "time"]].to_csv(index=False, header=False)
    users = "user,sex\n" + "".join(f"{user},{'FM'[user % 2]}\n" for user in range(1, 21))
    items = "item,kind\n" + "".join(f"{item},{'xy'[item % 2]}\n" for item in range(1, 41))
    found = infer(tmp_path, bare, users=users, items=items)
    assert found["read"] == {"names": ["item", "user", "rating", "time"]}
    assert found["columns"] == {"user": "user", "item": "item", "time": "time", "rating": "rating"}
    with pytest.raises(CasebookError, match="one names the users, the other the items: 'column_1'"):
        infer(tmp_path, bare)


def test_movielens_own_files_are_named_as_their_readme_says(tmp_path: Path) -> None:
    rows = events()
    (tmp_path / "u.data").write_text(rows.to_csv(index=False, header=False, sep="\t"), encoding="utf-8")
    found = infer_events(tmp_path / "u.data", None, None, NOTHING_SAID).prepare
    assert found["read"] == {"names": ["user", "item", "rating", "time"]}


def test_stray_quotes_are_characters(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = events().astype({"item": str})
    text = rows.to_csv(index=False, sep="\t").replace("\t7\t", '\t"Weird Al" Yankovic\t')
    assert infer(tmp_path, text)["read"] == {"quote": "none"}
    assert "quotes are characters like any other (read.quote: none), as in line" in caplog.text


def test_quantities_take_the_place_of_ratings_and_may_be_left_out(tmp_path: Path) -> None:
    rows = events().drop(columns="rating").assign(quantity=np.arange(120) % 40)
    assert infer(tmp_path, rows)["columns"]["rating"] == "quantity"
    assert infer(tmp_path, rows, Said({"weight": "none"}))["columns"]["rating"] is None


def test_last_events_of_items_that_were_seen_before_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = events()
    infer(tmp_path, rows)
    assert "they had before" not in caplog.text
    again = rows[rows["time"] == START].head(5).assign(time=START + 999)  # five of twenty users come back
    infer(tmp_path, pd.concat([rows, again]))
    assert "25% of the users' last events are of items that they had before; `prepare` asks" in caplog.text
    assert infer(tmp_path, rows, Said({}, repeats="exclude"))["repeats"] == "exclude"
    with pytest.raises(CasebookError, match="--repeats no: say recommend or exclude"):
        infer(tmp_path, rows, Said({}, repeats="no"))


def test_a_delimiter_that_is_said_of_the_events_is_not_that_of_the_users(tmp_path: Path) -> None:
    users = "user,sex\n" + "".join(f"{user},{'FM'[user % 2]}\n" for user in range(1, 21))
    text = events().to_csv(index=False).replace(",", "^")
    found = infer(tmp_path, text, Said({}, TextReading(delimiter="^")), users=users)
    assert found["users"] == {
        "file": "users.txt",
        "id": "user",
        "columns": {"sex": {"column": "sex", "kind": "category"}},
    }


def test_rows_without_a_user_raise_the_share_that_may_be_set_aside(tmp_path: Path) -> None:
    rows = events()
    rows["user"] = rows["user"].where(rows.index % 10 > 0).astype("Int64")
    assert infer(tmp_path, rows)["max_rejected"] == 0.11


def test_histories_too_short_to_leave_two_out_are_split_by_time(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = events(each=3)
    spread = rows.assign(time=START + 1000 * (rows.index % 3) + rows["user"])
    found = infer(tmp_path, spread)
    assert (found["split"]["by"], found["k_core"]) == ("time", {"user": 1, "item": 1})
    assert "split" not in infer(tmp_path, events(each=4))
    assert "`prepare` will refuse" not in caplog.text
    one_after_another = rows.assign(time=START + rows.index)  # nobody is there before and after
    assert "split" not in infer(tmp_path, one_after_another)
    assert "too few to ask each for the last two; `prepare` will refuse these: give longer histories" in caplog.text


def test_what_is_said_of_the_reading_holds(tmp_path: Path) -> None:
    text = events().to_csv(index=False).replace(",", "^")
    found = infer(tmp_path, text, Said({}, TextReading(delimiter="^")))
    assert found["read"] == {"delimiter": "^"}
