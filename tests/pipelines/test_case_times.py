"""How long stages took, read from what DVC says."""

from pathlib import Path

import pytest

from pipelines import case_times
from pipelines.case_times import Watch, expected, in_words, keep


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the clock shows; a test moves it."""
    shown = [100.0]
    monkeypatch.setattr(case_times.time, "monotonic", lambda: shown[0])
    return shown


def hear(watch: Watch, clock: list[float], *said: tuple[float, str]) -> None:
    for at, line in said:
        clock[0] = at
        watch.hear(line)


def test_a_stage_lasts_until_the_next_one_and_the_last_until_the_end(clock: list[float], tmp_path: Path) -> None:
    watch = Watch()
    hear(watch, clock, (103.0, "Running stage 'fetch@toy':"), (104.0, "> python"), (110.0, "Running stage 'fit@toy':"))
    clock[0] = 150.0
    watch.end(whole=True)
    assert watch.seconds == {"fetch@toy": 7.0, "fit@toy": 40.0}
    assert watch.elapsed == 50.0
    keep(tmp_path, "toy", watch)
    assert expected(tmp_path, "toy", ["fetch@toy", "fit@toy"]) == 47.0
    assert expected(tmp_path, "toy", ["fetch@toy"]) == 7.0


def test_a_stage_that_failed_has_no_time_and_what_was_known_stays(clock: list[float], tmp_path: Path) -> None:
    first = Watch()
    hear(first, clock, (100.0, "Running stage 'fetch@toy':"), (105.0, "Running stage 'fit@toy':"))
    clock[0] = 115.0
    first.end(whole=True)
    keep(tmp_path, "toy", first)
    second = Watch()
    hear(second, clock, (200.0, "Running stage 'fetch@toy':"), (208.0, "Running stage 'fit@toy':"))
    clock[0] = 900.0
    second.end(whole=False)
    keep(tmp_path, "toy", second)
    assert expected(tmp_path, "toy", ["fetch@toy"]) == 8.0
    assert expected(tmp_path, "toy", ["fit@toy"]) == 10.0


def test_of_a_stage_that_never_ran_here_nothing_is_said(tmp_path: Path) -> None:
    assert expected(tmp_path, "toy", ["fetch@toy"]) is None


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min 0 s"), (190, "3 min 10 s"), (3900, "1 h 5 min")]
)
def test_seconds_in_words(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"fetch": "8 s"}'])
def test_damaged_times_are_none_and_are_written_anew(clock: list[float], tmp_path: Path, content: str) -> None:
    path = tmp_path / "state" / "toy" / case_times.TIMES
    path.parent.mkdir(parents=True)
    path.write_text(content)
    assert expected(tmp_path, "toy", ["fetch@toy"]) is None
    watch = Watch()
    hear(watch, clock, (100.0, "Running stage 'fetch@toy':"))
    clock[0] = 107.0
    watch.end(whole=True)
    keep(tmp_path, "toy", watch)
    assert expected(tmp_path, "toy", ["fetch@toy"]) == 7.0
