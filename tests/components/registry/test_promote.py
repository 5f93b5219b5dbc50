"""From decisions to champions and back, on a real registry."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace

import pytest

from components.core.errors import CasebookError
from components.core.results import Check, Decision, Interval
from components.registry.champion import champion_at, champion_version, rival_of
from components.registry.gate import decision_digest
from components.registry.ledger import Entry, history, parse_time
from components.registry.promote import rollback, settle
from components.registry.register import model_of, register
from components.tracking.track import Tracker, connect
from tests.components.registry.toys import CASE, FAILED, METRICS, PASSED, make_release

pytestmark = pytest.mark.usefixtures("toy")
Release = Callable[..., str]


def release(tracker: Tracker, income: float, decision: Decision = PASSED) -> str:
    """What the release stage does: register, look for the rival, decide, settle."""
    version = register(tracker, make_release(tracker, income))
    settle(tracker, CASE, version, decision, METRICS, rival_of(tracker, CASE, version))
    return version


def told(entries: list[Entry]) -> list[tuple[str, str, str | None, str | None]]:
    return [(one.action, one.version, one.before, one.after) for one in entries]


@pytest.fixture
def three(tracker: Tracker) -> Tracker:
    """Versions 1, 2 and 3, each promoted over the one before."""
    for income in (0.1, 0.2, 0.3):
        release(tracker, income)
    return tracker


def test_a_promotion_moves_the_champion_and_is_recorded(tracker: Tracker) -> None:
    assert champion_version(tracker, CASE) is None
    version = release(tracker, 0.5)
    assert champion_version(tracker, CASE) == version == "1"
    (entry,) = history(tracker, CASE)
    assert told([entry]) == [("promoted", "1", None, "1")]
    assert entry.digest == decision_digest(PASSED)
    assert entry.metrics["auc"] == {"value": 0.85, "low": 0.83, "high": 0.87}
    assert entry.origin["git_commit"] == "a" * 40
    tags = tracker.client.get_model_version(CASE, version).tags
    assert (tags["decision"], tags["decision_reasons"]) == ("promoted", "")
    assert set(tracker.client.get_model_version_by_alias(CASE, "champion").aliases) == {"candidate", "champion"}


def test_a_refusal_leaves_the_champion_and_is_recorded_with_its_reasons(tracker: Tracker) -> None:
    release(tracker, 0.5)
    assert release(tracker, 0.6, FAILED) == "2"
    assert champion_version(tracker, CASE) == "1"
    assert told(history(tracker, CASE))[1] == ("refused", "2", "1", "1")
    tags = tracker.client.get_model_version(CASE, "2").tags
    assert (tags["decision"], tags["decision_reasons"]) == ("refused", "auc 0.75, at least 0.80")


def test_a_refusal_without_a_champion_leaves_none(tracker: Tracker) -> None:
    release(tracker, 0.5, FAILED)
    assert champion_version(tracker, CASE) is None
    assert champion_at(tracker, CASE) is None
    assert told(history(tracker, CASE)) == [("refused", "1", None, None)]


def test_the_same_release_again_changes_nothing(tracker: Tracker) -> None:
    release(tracker, 0.5)
    release(tracker, 0.6)
    before = history(tracker, CASE)
    assert rival_of(tracker, CASE, "2") == "1"  # though it is champion itself by now
    release(tracker, 0.6)
    assert history(connect(tracker.root), CASE) == before
    points = tracker.client.get_metric_history(str(tracker.client.get_model_version(CASE, "2").run_id), "test/auc")
    assert len({point.timestamp for point in points}) == len(points) == 2  # one for each version


def test_new_figures_are_a_new_decision(tracker: Tracker) -> None:
    release(tracker, 0.5)
    other = Decision(True, (Check("floor auc", True, "auc 0.86, at least 0.80"),))
    release(tracker, 0.5, other)
    assert told(history(tracker, CASE)) == [("promoted", "1", None, "1"), ("promoted", "1", "1", "1")]
    assert rival_of(tracker, CASE, "1") is None


def test_figures_that_are_measured_anew_stand_with_the_model(tracker: Tracker) -> None:
    """MLflow keeps one figure of a name and a moment, and refuses another one."""
    version = release(tracker, 0.5)
    other = {"auc": Interval(0.86, 0.84, 0.88), "brier": METRICS["brier"]}
    for _ in range(2):  # and again, after a kill
        decision = Decision(True, (Check("floor auc", True, "auc 0.86, at least 0.80"),))
        settle(tracker, CASE, version, decision, other, rival_of(tracker, CASE, version))
    (model,) = tracker.client.search_logged_models([tracker.experiment(CASE)])
    assert model.metrics is not None
    points = sorted((metric.key, metric.timestamp, metric.value) for metric in model.metrics)
    assert [(key, value) for key, _, value in points if key == "test/auc"][-1] == ("test/auc", 0.86)
    assert [value for key, _, value in points if key == "test/brier"] == [0.13]


def test_the_figures_stand_with_the_model(tracker: Tracker) -> None:
    release(tracker, 0.5)
    (model,) = tracker.client.search_logged_models([tracker.experiment(CASE)])
    assert model.metrics is not None
    assert {metric.key: metric.value for metric in model.metrics} == {"test/auc": 0.85, "test/brier": 0.13}


def test_a_champion_that_changed_meanwhile_is_not_overwritten(three: Tracker) -> None:
    version = register(three, make_release(three, 0.4))
    with pytest.raises(CasebookError, match=r"version 3 became champion while 4 was compared with 2"):
        settle(three, CASE, version, PASSED, METRICS, rival="2")
    assert champion_version(three, CASE) == "3"
    assert len(history(three, CASE)) == 3


def test_the_rival_is_the_champion_or_whom_it_took_over_from(three: Tracker) -> None:
    assert rival_of(three, CASE, "9") == "3"
    assert rival_of(three, CASE, "3") == "2"
    assert rival_of(three, CASE, "1") == "3"
    assert rival_of(three, "unheard_of", "1") is None


def test_an_alias_that_somebody_removed_does_not_open_the_gate(three: Tracker) -> None:
    three.client.delete_registered_model_alias(CASE, "champion")
    assert rival_of(three, CASE, "9") == "3"
    assert rival_of(three, CASE, "3") == "2"


def test_rollback_goes_back_one_promotion_at_a_time(three: Tracker) -> None:
    assert told([rollback(three, CASE)]) == [("rolled_back", "2", "3", "2")]
    assert champion_version(three, CASE) == "2"
    assert told([rollback(three, CASE)]) == [("rolled_back", "1", "2", "1")]
    assert champion_version(three, CASE) == "1"
    with pytest.raises(CasebookError, match="toy_case: no champion before version 1"):
        rollback(three, CASE)
    assert len(history(three, CASE)) == 5


def test_rollback_to_a_version_that_passed_once(three: Tracker) -> None:
    release(three, 0.4, FAILED)
    rollback(three, CASE, "1")
    assert champion_version(three, CASE) == "1"
    rollback(three, CASE, "3")
    assert champion_version(three, CASE) == "3"
    with pytest.raises(CasebookError, match=r"version 4 never passed the gate; those that did: 1, 2, 3"):
        rollback(three, CASE, "4")
    with pytest.raises(CasebookError, match="version 3 is the champion already"):
        rollback(three, CASE, "3")


def test_rollback_to_what_cannot_be_read_is_refused(three: Tracker) -> None:
    shutil.rmtree(model_of(three, CASE, "2"))
    with pytest.raises(CasebookError, match="version 2 cannot be read"):
        rollback(three, CASE)
    assert champion_version(three, CASE) == "3"
    assert len(history(three, CASE)) == 3


def test_rollback_without_a_champion_is_one_message(tracker: Tracker) -> None:
    with pytest.raises(CasebookError, match="no champion before version None"):
        rollback(tracker, CASE)


def test_a_release_after_a_rollback_is_a_new_decision(three: Tracker) -> None:
    rollback(three, CASE)
    version = release(three, 0.3, FAILED)
    assert version == "3"
    assert champion_version(three, CASE) == "2"
    assert told(history(three, CASE))[-1] == ("refused", "3", "2", "2")
    release(three, 0.4)
    assert champion_version(three, CASE) == "4"
    rollback(three, CASE)
    assert champion_version(three, CASE) == "2"


def test_the_champion_as_other_programs_read_it(three: Tracker) -> None:
    entries = history(three, CASE)
    now = champion_at(three, CASE)
    assert now == {
        "name": CASE,
        "version": "3",
        "run_id": make_release(three, 0.3).run,
        "commit": "a" * 40,
        "data_md5": make_release(three, 0.3).tags["data_md5"],
        "promoted_at": entries[2].time,
        "metrics": {
            "auc": {"value": 0.85, "low": 0.83, "high": 0.87},
            "brier": {"value": 0.13, "low": 0.12, "high": 0.14},
        },
        "overrides": [],
    }
    assert json.loads(json.dumps(now)) == now
    then = champion_at(three, CASE, parse_time(entries[1].time))
    assert then == {**now, "version": "2", "promoted_at": entries[1].time}
    assert champion_at(three, CASE, parse_time("2000-01-01")) is None
    rollback(three, CASE)
    back = champion_at(three, CASE)
    assert back is not None
    assert (back["version"], back["promoted_at"]) == ("2", history(three, CASE)[-1].time)


def test_a_champion_made_by_hand_is_told_without_a_time(three: Tracker) -> None:
    release(three, 0.4, FAILED)
    three.client.set_registered_model_alias(CASE, "champion", "4")
    now = champion_at(three, CASE)
    assert now is not None
    assert (now["version"], now["promoted_at"], now["metrics"]) == ("4", None, {})


def test_a_metric_that_is_not_a_number_is_never_written_as_json_cannot(tracker: Tracker) -> None:
    version = register(tracker, make_release(tracker))
    nan = {"auc": Interval(float("nan"), 0.0, 1.0)}
    settle(tracker, CASE, version, replace(FAILED), nan, None)
    (entry,) = history(tracker, CASE)
    assert entry.metrics["auc"] == {"value": None, "low": 0.0, "high": 1.0}
