from pathlib import Path

import pytest

from components.core.errors import DamagedError
from components.core.files import write_json
from components.core.histories import (
    NONE,
    NOTE,
    Kept,
    check_whole,
    moment,
    newest_set,
    next_set,
    numbered,
    old_sets,
    read_kept,
    until_of,
    write_note,
)

NOON = "1970-01-01T12:00:00+00:00"


def add(folder: Path, encoders: str = "a", until: str = NOON) -> int:
    with next_set(folder) as (draft, number):
        (draft / "events.txt").write_text(f"events {number}")
        write_note(draft, encoders=encoders, until=until, events=2, users=1)
    return number


def test_a_note_says_what_is_kept_of_whom_and_whether_the_files_are_those_that_were_written(tmp_path: Path) -> None:
    add(tmp_path)
    kept = read_kept(tmp_path / "1")
    assert kept == Kept(encoders="a", until=NOON, events=2, users=1, files=kept.files if kept else {})
    assert kept is not None
    check_whole(tmp_path / "1", kept)
    (tmp_path / "1" / "events.txt").write_text("others")
    with pytest.raises(DamagedError, match=r"1/events\.txt: damaged .*catch up again"):
        check_whole(tmp_path / "1", kept)


def test_a_case_that_keeps_nothing_and_a_folder_that_is_not_there_have_no_note(tmp_path: Path) -> None:
    write_json(tmp_path / NOTE, NONE)
    assert read_kept(tmp_path) is None
    assert read_kept(tmp_path / "nowhere") is None


def test_the_newest_set_of_a_models_encoders_is_taken(tmp_path: Path) -> None:
    for encoders in ("a", "a", "b"):
        add(tmp_path, encoders)
    assert newest_set(tmp_path) == (tmp_path / "3", read_kept(tmp_path / "3"))
    assert newest_set(tmp_path, "a") == (tmp_path / "2", read_kept(tmp_path / "2"))
    assert newest_set(tmp_path, "c") is None
    assert newest_set(tmp_path / "nowhere") is None
    (tmp_path / "2" / NOTE).write_text("{")
    assert newest_set(tmp_path, "a") == (tmp_path / "1", read_kept(tmp_path / "1"))


def test_a_set_that_is_cut_off_leaves_those_before_and_its_rest_is_swept(tmp_path: Path) -> None:
    add(tmp_path)
    half = tmp_path / ".2.cut"  # as a kill leaves it
    half.mkdir()
    with pytest.raises(ZeroDivisionError), next_set(tmp_path) as (_, number):
        assert 1 / (number - 2)
    assert [path.name for path in tmp_path.iterdir()] == ["1"]
    assert add(tmp_path) == 2


def test_two_sets_of_the_same_encoders_stay_and_one_is_enough_for_good(tmp_path: Path) -> None:
    """Who has opened a set reads on while the next one comes."""
    for encoders in ("a", "b", "a", "a"):
        add(tmp_path, encoders)
    assert [path.name for path in numbered(tmp_path)] == ["2", "3", "4"]
    assert [path.name for path in old_sets(tmp_path, left=1)] == ["3"]
    assert add(tmp_path) == 5


def test_times_are_told_as_people_read_them() -> None:
    import numpy as np

    assert until_of(np.array([5, 43_200, 7])) == NOON
    assert until_of(np.array([], np.int64)) is None
    assert moment(NOON) == "1970-01-01 12:00:00 UTC"
    assert moment(None) == "no event"
