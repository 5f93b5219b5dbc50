"""Users who come back to an item: what `prepare` asks, tells and merges, with the figures written out."""

import json
from pathlib import Path
from typing import Any

import pytest

from components.core.errors import CasebookError
from components.core.job import Meta
from tests.components.recipes.next_item.preparation.events import BY_TIME, block, events, prepare, prepared, with_ids

# Of six questions, two are of an item that the user had: b's validation is 1 again, c's test is 4 again.
AGAIN = [
    ("a", 1, 10), ("a", 2, 20), ("a", 3, 30),
    ("b", 1, 10), ("b", 1, 20), ("b", 2, 30),
    ("c", 4, 10), ("c", 2, 20), ("c", 4, 30),
]  # fmt: skip


def told(folder: Path) -> list[str]:
    path = folder / "prepared" / "told.json"
    return list(json.loads(path.read_text())["notes"]) if path.exists() else []


def test_it_is_asked_whether_seen_items_are_recommended(tmp_path: Path) -> None:
    with pytest.raises(CasebookError) as error:
        prepare(tmp_path, events(AGAIN), block(repeats=None))
    message = str(error.value)
    assert "events.csv: 2 of 6 events that validation and test ask for (33.3%)" in message
    assert "such as item '1' of user 'b'" in message
    assert "prepare.repeats: recommend" in message
    assert "prepare.repeats: exclude" in message
    assert not (tmp_path / "prepared").exists()


@pytest.mark.parametrize(
    ("repeats", "rule", "notes"),
    [
        ("recommend", "rank over the whole catalogue, the user's earlier items too", 0),
        (
            "exclude",
            "earlier items, which count as missed where they are asked for (validation 1 of 3, test 1 of 3)",
            1,
        ),
    ],
)
def test_what_was_said_is_kept_with_the_protocol(tmp_path: Path, repeats: str, rule: str, notes: int) -> None:
    meta = prepare(tmp_path, events(AGAIN), block(repeats=repeats))
    assert rule in meta.data["protocol"]
    assert meta.data["spec"]["repeats"] == repeats
    assert len(told(tmp_path)) == notes
    assert [sum(meta.rows[name] for name in ("train", "validation", "test"))] == [9]


def test_few_are_told_and_none_says_nothing(tmp_path: Path) -> None:
    rows = [(f"u{user:02}", item, 10 * item) for user in range(50) for item in (1, 2, 3)]
    meta = prepare(tmp_path / "none", events(rows), block(repeats=None))
    assert told(tmp_path / "none") == []
    assert not {"repeats", "merge_within"} & meta.data["spec"].keys()
    assert "earlier items; rank = 1 + greater + equal" in meta.data["protocol"]
    rows[2] = ("u00", 1, 30)  # one of 100 questions
    meta = prepare(tmp_path / "few", events(rows), block(repeats=None))
    (note,) = told(tmp_path / "few")
    assert note.startswith("1 of 100 events that validation and test ask for (1.0%)")
    assert "(validation 0 of 50, test 1 of 50)" in meta.data["protocol"]


def test_where_time_splits_the_first_event_of_a_part_is_asked(tmp_path: Path) -> None:
    # 10 events: validation begins at the 7th, test at the 9th. The 8th and 10th are no questions.
    items = [1, 2, 3, 4, 5, 6, 7, 1, 8, 1]
    rows = [("a", item, time) for time, item in enumerate(items)]
    meta = prepare(tmp_path / "new", events(rows), block(split=BY_TIME, repeats=None))
    assert told(tmp_path / "new") == []
    assert "missed" not in meta.data["protocol"]
    rows[8] = ("a", 7, 8)  # had in the validation
    with pytest.raises(CasebookError, match=r"1 of 2 events .* such as item '7' of user 'a'"):
        prepare(tmp_path / "again", events(rows), block(split=BY_TIME, repeats=None))


CLICKS = [("a", 1, 10.2), ("a", 1, 10.9), ("a", 2, 11), ("a", 1, 13), ("a", 1, 16), ("a", 3, 30), ("b", 1, 10)]


@pytest.mark.parametrize(
    ("within", "kept", "share"),
    [
        (None, [1, 2, 3, 4, 5, 6, 7], "1 of 7 events (14.3%) are of a user and an item in the second of another"),
        (0, [1, 3, 4, 5, 6, 7], "1 of 7 events (14.3%) are of a user and an item no more than 0 s after another"),
        (3, [1, 3, 6, 7], "3 of 7 events (42.9%) are of a user and an item no more than 3 s after another"),
    ],
)
def test_double_clicks_are_told_and_one_where_it_is_said(
    tmp_path: Path, within: int | None, kept: list[int], share: str
) -> None:
    split = {"by": "time", "validation": 0.3, "test": 0.2}
    content: dict[str, Any] = block(merge_within=within, split=split, repeats="recommend")
    meta = prepare(tmp_path, events(CLICKS), content)
    found = sorted(event for rows in with_ids(tmp_path).values() for _, _, event in rows)
    assert found == kept
    assert share in told(tmp_path)[0]
    gone = {} if len(kept) == 7 else {f"same user and item no more than {within} s after an earlier row": 7 - len(kept)}
    assert meta.rejected == gone
    assert prepared(tmp_path)["rejected"]["event"].tolist() == sorted({*range(1, 8)} - {*kept})


def test_clicks_of_one_time_are_told_though_they_are_duplicates(tmp_path: Path) -> None:
    rows = [("a", 1, 10), ("a", 1, 10), ("a", 2, 20), ("a", 3, 30)]
    prepare(tmp_path, events(rows), block())
    assert told(tmp_path) == [
        "double clicks: 1 of 4 events (25.0%) are of a user and an item in the second of another such event "
        "(1 of one time, which prepare.duplicates drops): prepare.merge_within: SECONDS makes events that close one"
    ]
    assert Meta.read(tmp_path / "prepared").rejected == {"same user, item and time as an earlier row": 1}
