"""Which folder of histories a version answers by, and what a release that keeps such is registered with."""

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from components.core.files import dvc_md5
from components.core.histories import next_set
from components.core.job import Paths
from components.registry.champion import ENCODERS, HISTORIES_MD5, HISTORIES_UNTIL
from components.registry.finding import Served, served
from components.registry.known import histories_of, known_until
from components.registry.register import register
from components.tracking.track import Tracker
from tests.components.registry.toys import CASE, keep_events, make_release

MONDAY, TUESDAY, WEDNESDAY = (f"2026-01-0{day}T00:00:00+00:00" for day in (5, 6, 7))


def caught_up(paths: Paths, encoders: str, until: str) -> Path:
    with next_set(paths.caught_up(CASE)) as (draft, number):
        keep_events(draft, encoders, until)
    return paths.caught_up(CASE) / str(number)


def test_a_version_answers_by_the_newest_events_for_its_users_and_items(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    paths, own = Paths(tmp_path), keep_events(tmp_path / "own", "a", TUESDAY)
    version = Served("3", tmp_path / "bundle", is_champion=True, histories=own)
    assert histories_of(paths, CASE, replace(version, histories=None)) is None
    assert histories_of(paths, CASE, version) == own
    caught_up(paths, "a", MONDAY)  # of before the version was made
    assert histories_of(paths, CASE, version) == own
    later = caught_up(paths, "a", WEDNESDAY)
    assert histories_of(paths, CASE, version) == later
    assert known_until(paths, CASE, TUESDAY, "a") == WEDNESDAY
    assert caplog.messages == []


def test_events_for_another_model_or_damaged_ones_are_told_and_left_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    paths, own = Paths(tmp_path), keep_events(tmp_path / "own", "a", TUESDAY)
    version = Served("3", tmp_path / "bundle", is_champion=True, histories=own)
    caught_up(paths, "b", WEDNESDAY)
    with caplog.at_level(logging.WARNING):
        assert histories_of(paths, CASE, version) == own
    assert caplog.messages == [
        f"{CASE}: version 3 knows its users up to 2026-01-06 00:00:00 UTC: the events that were caught up with, up to "
        "2026-01-07 00:00:00 UTC, are for a model of other users or items; `casebook catch-up toy_case` reads them for "
        "this one"
    ]
    caplog.clear()
    (caught_up(paths, "a", WEDNESDAY) / "events.txt").write_text("others")
    assert histories_of(paths, CASE, version) == own
    assert [message.split(":")[1].split(" (")[0] for message in caplog.messages] == [" damaged"]
    assert known_until(paths, CASE, TUESDAY, "a") == WEDNESDAY  # what the folder says; it is not read for that
    assert known_until(paths, CASE, None, None) is None


@pytest.mark.usefixtures("toy")
def test_a_version_has_what_it_knew_at_its_release(tracker: Tracker, tmp_path: Path) -> None:
    """The same weights with other histories are another version, which answers otherwise."""
    release = make_release(tracker)
    kept, later = keep_events(tmp_path / "histories", "a", MONDAY), keep_events(tmp_path / "later", "a", TUESDAY)
    first = register(tracker, replace(release, histories=kept, required=("age",)))
    again = register(tracker, replace(release, histories=kept, required=("age",)))
    other = register(tracker, replace(release, histories=later, required=("age",)))
    assert (first, again, other) == ("1", "1", "2")
    tags = tracker.client.get_model_version(CASE, first).tags
    assert [tags[name] for name in (HISTORIES_MD5, HISTORIES_UNTIL, ENCODERS)] == [dvc_md5(kept), MONDAY, "a"]
    found = served(tracker, CASE, first).histories
    assert found is not None
    assert dvc_md5(found) == dvc_md5(kept)
    assert served(tracker, CASE, other).histories != found
