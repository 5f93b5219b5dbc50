"""The ledger: every decision, in order, readable by all, within the width of its column."""

import json
import re
from dataclasses import asdict, replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.core.errors import CasebookError
from components.registry.ledger import (
    PREFIX,
    PROMOTED,
    REFUSED,
    ROLLED_BACK,
    Action,
    Entry,
    champions,
    entry_at,
    history,
    parse_time,
    recorded,
    withdrawn,
)
from components.registry.ledger_file import digest_of
from components.registry.ledger_writing import LONGEST_ENTRY, append
from components.tracking.track import Tracker, connect

CASE = "finance_risk"


def an_entry(action: Action, version: str, before: str | None, after: str | None, **more: object) -> Entry:
    plain = Entry(
        action=action,
        version=version,
        before=before,
        after=after,
        digest=f"{version:0>16}",
        origin={"run_id": "r", "git_commit": "c", "data_md5": "d"},
        metrics={"auc": {"value": 0.85, "low": 0.83, "high": 0.87}},
        checks=[["floor auc", True, "auc 0.85, at least 0.80"]],
    )
    return replace(plain, **more)  # type: ignore[arg-type]


def promoted(version: str, before: str | None, **more: object) -> Entry:
    return an_entry(PROMOTED, version, before, version, **more)


def refused(version: str, champion: str | None, **more: object) -> Entry:
    return an_entry(REFUSED, version, champion, champion, **more)


def rolled_back(version: str, before: str, **more: object) -> Entry:
    return an_entry(ROLLED_BACK, version, before, version, **more)


@pytest.fixture
def registered(tracker: Tracker) -> Tracker:
    tracker.client.create_registered_model(CASE)
    return tracker


def test_a_case_that_was_never_registered_has_no_history(tracker: Tracker) -> None:
    assert history(tracker, CASE) == []


def test_entries_come_back_in_order_with_number_time_and_name(registered: Tracker) -> None:
    start = datetime.now(UTC)
    for entry in (promoted("1", None), refused("2", "1"), promoted("3", "1"), rolled_back("1", "3")):
        append(registered, CASE, entry)
    entries = history(connect(registered.root), CASE)
    assert [(one.number, one.action, one.version) for one in entries] == [
        (1, "promoted", "1"),
        (2, "refused", "2"),
        (3, "promoted", "3"),
        (4, "rolled_back", "1"),
    ]
    assert entries[0].checks == [["floor auc", True, "auc 0.85, at least 0.80"]]
    assert all(start.replace(microsecond=0) <= datetime.fromisoformat(one.time) <= datetime.now(UTC) for one in entries)
    assert all(one.by for one in entries)


def test_it_is_kept_as_tags_that_other_tools_can_read(registered: Tracker) -> None:
    append(registered, CASE, promoted("1", None))
    registered.client.set_registered_model_tag(CASE, "owner", "risk team")
    tags = registered.client.get_registered_model(CASE).tags
    (key,) = set(tags) - {"owner"}
    assert re.fullmatch(re.escape(PREFIX) + r"000001\.[0-9a-f]{16}", key)
    assert json.loads(tags[key])["metrics"] == {"auc": {"value": 0.85, "low": 0.83, "high": 0.87}}
    assert len(history(registered, CASE)) == 1


def test_entries_under_the_tag_of_before_are_read_as_well(registered: Tracker) -> None:
    text = json.dumps(
        asdict(replace(an_entry(PROMOTED, "1", None, "1"), number=1, time="2026-11-01T10:00:00.000+00:00"))
    )
    registered.client.set_registered_model_tag(CASE, "casebook.decision.000001.0000000000000001", text)
    append(registered, CASE, an_entry(REFUSED, "2", "1", "1"))
    assert [(one.number, one.version) for one in history(registered, CASE)] == [(1, "1"), (2, "2")]


def test_two_that_write_at_once_lose_neither(registered: Tracker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both have read the ledger before either has written; the entry after them names both."""
    first = append(registered, CASE, promoted("1", None))
    with monkeypatch.context() as patch:
        patch.setattr("components.registry.ledger_writing.known_model", lambda *_: None)
        append(registered, CASE, refused("2", None))
    assert {(one.number, one.version) for one in history(registered, CASE)} == {(1, "1"), (1, "2")}
    joined = append(registered, CASE, promoted("3", None))
    assert (joined.number, len(joined.parents or ())) == (2, 2)
    after = append(registered, CASE, refused("4", "3"))
    assert after.parents == [digest_of(asdict(joined))]
    assert digest_of(asdict(first)) in (joined.parents or ())


def test_an_edited_entry_is_one_message(registered: Tracker) -> None:
    registered.client.set_registered_model_tag(CASE, f"{PREFIX}000001.x", '{"action": "promoted"}')
    with pytest.raises(CasebookError, match=r"casebook\.decision\.000001\.x' of the registered model 'finance_risk'"):
        history(registered, CASE)


@pytest.mark.parametrize(("checks", "metrics", "length"), [(10, 60, 50), (40, 10, 2000), (200, 60, 300), (400, 0, 10)])
def test_an_entry_fits_its_column_whatever_it_holds(
    registered: Tracker, checks: int, metrics: int, length: int
) -> None:
    interval = {"value": 1 / 3, "low": 1 / 7, "high": 2 / 3}
    entry = promoted(
        "1",
        None,
        metrics={f"metric number {i}": interval for i in range(metrics)},
        checks=[[f"check {i}", i != 3, "é" * length] for i in range(checks)],
    )
    append(registered, CASE, entry)
    (text,) = registered.client.get_registered_model(CASE).tags.values()
    assert len(text) <= LONGEST_ENTRY
    read = history(registered, CASE)[0]
    assert (read.action, read.version, read.origin) == (entry.action, entry.version, entry.origin)
    assert ["check 3", False] in [check[:2] for check in read.checks]  # why it failed is the last to go


def test_a_decision_is_recorded_until_the_champion_changes_hands() -> None:
    entries = [promoted("1", None), refused("2", "1")]
    assert recorded(entries, "2", f"{'2':0>16}") is entries[1]
    assert recorded(entries, "1", f"{'1':0>16}") is entries[0]
    assert recorded(entries, "2", "another digest") is None
    entries += [promoted("3", "1")]
    assert recorded(entries, "2", f"{'2':0>16}") is None
    assert recorded(entries, "3", f"{'3':0>16}") is entries[2]
    assert recorded([], "1", "d") is None


@pytest.mark.parametrize(
    ("entries", "line"),
    [
        ([], []),
        ([refused("1", None)], []),
        ([promoted("1", None), promoted("2", "1"), refused("3", "2"), promoted("4", "2")], ["1", "2", "4"]),
        ([promoted("1", None), promoted("1", "1")], ["1"]),
        ([promoted("1", None), promoted("2", "1"), promoted("3", "2"), rolled_back("2", "3")], ["1", "2"]),
        ([promoted("1", None), promoted("2", "1"), rolled_back("1", "2"), promoted("3", "1")], ["1", "3"]),
        ([promoted("1", None), promoted("2", "1"), rolled_back("1", "2"), rolled_back("2", "1")], ["1", "2"]),
    ],
)
def test_the_line_of_champions(entries: list[Entry], line: list[str]) -> None:
    assert champions(entries) == line


def test_a_version_that_was_rolled_back_is_withdrawn_until_it_comes_back() -> None:
    entries = [promoted("1", None), promoted("2", "1")]
    assert not withdrawn(entries, "2")
    entries += [rolled_back("1", "2")]
    assert withdrawn(entries, "2")
    assert not withdrawn(entries, "1")
    assert withdrawn([*entries, refused("2", "1")], "2")
    assert not withdrawn([*entries, rolled_back("2", "1")], "2")


def test_the_champion_of_a_moment() -> None:
    hours = [f"2026-11-22T{hour:02}:00:00.000+00:00" for hour in range(4)]
    entries = [
        promoted("1", None, time=hours[0]),
        refused("2", "1", time=hours[1]),
        promoted("3", "1", time=hours[2]),
        rolled_back("1", "3", time=hours[3]),
    ]

    def champion(text: str) -> str | None:
        entry = entry_at(entries, parse_time(text))
        return entry.version if entry else None

    assert champion("2026-11-21") is None
    assert champion("2026-11-22") == "1"  # midnight itself, UTC
    assert champion("2026-11-22T01:30") == "1"
    assert champion("2026-11-22T02:00:00Z") == "3"
    assert champion("2026-11-22T03:30:00+01:00") == "3"
    assert champion("2027-01-01") == "1"


@given(st.text(max_size=12))
def test_a_time_that_is_none_is_one_message(text: str) -> None:
    try:
        assert parse_time(text).tzinfo is not None
    except CasebookError as error:
        assert "not a time; write it like 2026-11-22" in str(error)  # noqa: PT017
