"""At most one retrain in the cool-down: whoever asks, wherever it is cut off."""

import multiprocessing
import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from components.core.errors import CasebookError
from components.monitoring.once import RECORD, Came, NotStartedError, Result, read, settle, start_once

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_a_reason_starts_one_and_no_other_within_the_cool_down(tmp_path):
    started: list[str] = []

    def ask(hours: float, reasons=("drift",)):
        return start_once(
            tmp_path, reasons, lambda one: started.append(one.id), cooldown_hours=24, now=NOW + timedelta(hours=hours)
        )

    assert ask(0, ()) is None
    first = ask(1)
    assert (first.state, first.reasons) == ("started", ("drift",))
    assert (ask(2), ask(24.9)) == (None, None)
    second = ask(25)
    assert started == [first.id, second.id]
    assert first.id != second.id
    assert read(tmp_path) == second


def test_one_that_fails_counts_for_the_cool_down(tmp_path):
    def fail(_):
        raise CasebookError("no such deployment")

    with pytest.raises(CasebookError, match="no such deployment"):
        start_once(tmp_path, ["drift"], fail, cooldown_hours=24, now=NOW)
    assert read(tmp_path).state == "failed"
    assert start_once(tmp_path, ["drift"], fail, cooldown_hours=24, now=NOW + timedelta(hours=1)) is None


@pytest.mark.parametrize(
    ("came", "data", "again"),
    [
        ("unchanged", "a", True),
        ("refused", "a", False),
        ("refused", "b", True),
        ("rejected", "a", False),
        ("rejected", "b", True),
        ("promoted", "b", False),
        ("failed", "b", False),
    ],
)
@pytest.mark.parametrize("here", [True, False])
def test_only_what_was_trained_uses_the_cool_down_and_of_what_was_refused_only_with_the_same_data(
    tmp_path, came: Came, data: str, again: bool, here: bool
):
    """It ran `here`, or elsewhere, whose end is written down later. Its data were "a"."""
    asked: list[str | None] = []

    def has_news(before: str | None) -> bool:
        asked.append(before)
        return data != before

    def ask(hours: float):
        now, result = NOW + timedelta(hours=hours), Result(came, "a") if here else None
        return start_once(tmp_path, ["drift"], lambda _: result, cooldown_hours=24, has_news=has_news, now=now)

    first = ask(0)
    if not here:
        assert ask(1) is None  # it is under way
        settle(tmp_path, "another", Result("unchanged", "a"))
        assert ask(1) is None
        settle(tmp_path, first.id, Result(came, "a"))
    assert read(tmp_path).result == Result(came, "a")
    assert (ask(2) is not None) == again
    assert asked == (["a"] if came in ("refused", "rejected") else [])


def test_one_that_could_not_be_started_is_tried_again_under_its_own_name(tmp_path):
    tried: list[str] = []

    def nobody(one):
        tried.append(one.id)
        raise NotStartedError("no server")

    for _ in range(2):
        with pytest.raises(CasebookError, match="no server"):
            start_once(tmp_path, ["drift"], nobody, cooldown_hours=24, now=NOW)
    started = start_once(tmp_path, [], lambda _: None, cooldown_hours=24, now=NOW)
    assert tried == [started.id] * 2


def test_the_end_that_comes_before_the_word_of_the_start_stays(tmp_path):
    """The asking process was killed: the server has run it meanwhile."""

    def ended(one):
        raise NotStartedError(one.id)

    with pytest.raises(NotStartedError) as found:
        start_once(tmp_path, ["drift"], ended, cooldown_hours=24, now=NOW)
    settle(tmp_path, str(found.value), Result("promoted", "a"))
    assert start_once(tmp_path, ["drift"], lambda _: None, cooldown_hours=24, now=NOW + timedelta(hours=1)) is None
    assert read(tmp_path).result == Result("promoted", "a")


def killed_while_starting(folder: Path, started: Path) -> None:
    def die(one):
        started.write_text(one.id, encoding="utf-8")
        os.kill(os.getpid(), signal.SIGKILL)

    start_once(folder, ["drift"], die, cooldown_hours=24, now=NOW)


def test_one_whose_start_was_killed_is_started_again_under_its_own_name(tmp_path):
    process = multiprocessing.get_context("spawn").Process(
        target=killed_while_starting, args=(tmp_path, tmp_path / "id")
    )
    process.start()
    process.join(120)
    assert process.exitcode == -signal.SIGKILL
    assert read(tmp_path).state == "due"
    started: list[str] = []
    again = start_once(tmp_path, [], lambda one: started.append(one.id), cooldown_hours=24, now=NOW)
    assert started == [again.id] == [(tmp_path / "id").read_text(encoding="utf-8")]
    assert start_once(tmp_path, ["drift"], started.append, cooldown_hours=24, now=NOW) is None


def asks(folder: Path, started: Path) -> None:
    def note(one):
        with started.open("a", encoding="utf-8") as file:
            file.write(f"{one.id}\n")

    start_once(folder, ["drift"], note, cooldown_hours=24, now=NOW)


@pytest.mark.slow
def test_of_four_that_ask_at_once_one_starts(tmp_path):
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=asks, args=(tmp_path, tmp_path / "started")) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0] * 4
    assert len((tmp_path / "started").read_text(encoding="utf-8").splitlines()) == 1


@pytest.mark.parametrize("text", ["", "{}", '{"id": 1}', "[]", '{"id": "1", "result": []}'])
def test_a_record_that_somebody_edited_is_named(tmp_path, text):
    (tmp_path / RECORD).write_text(text, encoding="utf-8")
    with pytest.raises(CasebookError, match=r"retrain.json: not a record of a retrain; remove it"):
        start_once(tmp_path, ["drift"], lambda one: None, cooldown_hours=24, now=NOW)  # noqa: ARG005
