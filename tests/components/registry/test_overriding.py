"""Overrides by which champions stand: written by a decision, found again, and what one that has ended shields."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from components.core.params.gate_override import Override
from components.core.results import Check, Decision
from components.registry.champion import champion_at, champion_version, rival_of
from components.registry.finding import open_registry
from components.registry.ledger import PROMOTED, REFUSED, Entry, history
from components.registry.overriding import Ended, ended_overrides, held_against, overrides_of
from components.registry.promote import rollback, settle
from components.registry.register import register
from components.tracking.reading.database import Database
from components.tracking.track import Tracker
from pipelines.commands.notices import tell_ended
from tests.components.registry.toys import CASE, FAILED, METRICS, PASSED, make_release

DAY = datetime(2030, 12, 31, tzinfo=UTC)
BEFORE = DAY - timedelta(seconds=1)
WORD = {"check": "floor auc", "who": "Ada", "because": "a | demo", "until": "2030-12-31"}
GIVEN = Override.model_validate(WORD)
OVERRIDDEN = Decision(True, (Check("floor auc", False, "auc 0.75, at least 0.80", GIVEN), Check("served", True, "ok")))


def entry(version: str, before: str | None, overrides: Sequence[dict[str, str]] = (), action: str = PROMOTED) -> Entry:
    after = version if action == PROMOTED else before
    return Entry(action, version, before, after, version, {}, {}, (), overrides)  # type: ignore[arg-type]


def release(tracker: Tracker, income: float, decision: Decision) -> str:
    version = register(tracker, make_release(tracker, income))
    settle(tracker, CASE, version, decision, METRICS, rival_of(tracker, CASE, version))
    return version


@pytest.mark.usefixtures("toy")
def test_an_override_stands_in_ledger_tags_and_pages_and_ends(tracker: Tracker, root: Path) -> None:
    release(tracker, 0.1, PASSED)
    assert release(tracker, 0.2, OVERRIDDEN) == champion_version(tracker, CASE) == "2"
    (entry,) = [one for one in history(tracker, CASE) if one.version == "2"]
    told = "overridden by Ada until 2030-12-31 because a | demo"
    assert entry.overrides == [WORD]
    assert entry.checks[0] == ["floor auc", False, f"auc 0.75, at least 0.80; {told}"]
    version = tracker.client.get_model_version(CASE, "2")
    assert version.tags["overrides"] == f"floor auc {told}"
    assert r"gate: promoted: floor auc overridden by Ada until 2030-12-31 because a \| demo." in version.description
    assert "overridden by Ada" in tracker.client.get_registered_model(CASE).description
    assert "overrides" not in tracker.client.get_model_version(CASE, "1").tags
    found = champion_at(tracker, CASE)
    assert found is not None
    assert found["overrides"] == [WORD]

    registry = open_registry(root)
    assert isinstance(registry, Database)
    for asked in (registry, tracker):
        assert ended_overrides(asked, BEFORE) == []
        assert ended_overrides(asked, DAY) == ended_overrides(asked, DAY, [CASE]) == [Ended(CASE, "2", (GIVEN,))]
        assert ended_overrides(asked, DAY, ["another"]) == []
    ended = "an override has ended, by which version 2 still serves: floor auc overridden by Ada until 2030-12-31"
    assert ended_overrides(registry, DAY)[0].line.startswith(f"{CASE}: {ended}")
    rollback(tracker, CASE)
    assert ended_overrides(registry, DAY) == []
    rollback(tracker, CASE, "2")
    assert len(ended_overrides(registry, DAY)) == 1
    settle(tracker, CASE, "2", PASSED, METRICS, "1")  # asked again, it passes by itself
    assert ended_overrides(registry, DAY) == []
    assert tracker.client.get_model_version(CASE, "2").tags["overrides"] == ""


@pytest.mark.usefixtures("toy")
def test_a_champion_whose_override_has_ended_stays_though_the_gate_refuses_it_and_every_command_says_so(
    tracker: Tracker, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    past = GIVEN.model_copy(update={"until": datetime(2020, 1, 1, tzinfo=UTC)})
    release(tracker, 0.2, Decision(True, (Check("floor auc", False, "auc 0.75, at least 0.80", past),)))
    settle(tracker, CASE, "1", FAILED, METRICS, None)
    assert champion_version(tracker, CASE) == "1"
    assert [one.action for one in history(tracker, CASE)] == [PROMOTED, REFUSED]
    capsys.readouterr()
    for command in ("list", "champion", "predict", "history", "doctor", "run", "monitor"):
        tell_ended(command, root)
        said = capsys.readouterr()
        assert said.err.startswith(f"{CASE}: an override has ended, by which version 1 still serves: floor auc")
        assert (said.out, said.err.count("\n")) == ("", 1)
    tell_ended("params", root)
    (root / "mlflow.db").write_text("rows\n" * 1000)  # the command itself says so
    tell_ended("list", root)
    assert capsys.readouterr().err == ""


def test_the_last_promotion_of_a_version_counts() -> None:
    entries = [entry("1", None, [WORD]), entry("1", "1", action=REFUSED), entry("2", "1")]
    assert overrides_of(entries, "1") == [GIVEN]
    assert overrides_of([*entries, entry("1", "2")], "1") == []
    assert overrides_of(entries, "7") == []


def test_a_champion_by_an_override_that_has_ended_shields_nobody() -> None:
    entries = [entry("1", None), entry("2", "1", [WORD]), entry("3", "2", [WORD])]
    assert held_against(entries, "3", BEFORE) == ("3", "")
    against, why = held_against(entries, "3", DAY)
    assert against == "1"
    assert why == (
        "version 3 stands by an override of floor auc by Ada, which has ended on 2030-12-31; "
        "version 2 stands by an override of floor auc by Ada, which has ended on 2030-12-31: "
        "version 1 is held against instead"
    )
    assert held_against(entries[1:], "2", DAY)[0] is None
    assert held_against([], None, DAY) == (None, "")
