"""What is said of each case, from the registry, and from a report where that knows more."""

import json
import re
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from components.core.files import write_json
from components.core.params.case import Params
from components.core.params.load import load_params
from components.registry.champion import CHAMPION
from components.registry.ledger import PREFIX, Entry, LostRegistryError
from components.registry.ledger_file import add_lines
from components.tracking.reading.registry import RegisteredModel
from pipelines.commands.listing import Standing, in_words, standings

ROOT = Path(__file__).resolve().parents[2]
FIGURES = {"auc": {"value": 0.85, "low": 0.83, "high": 0.87}}
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


class Kept:
    """A registry of one model, which is all that is asked for."""

    root, uri = Path("none"), "sqlite:///none/mlflow.db"

    def __init__(self, champion: str | None, *entries: Entry) -> None:
        tags = {f"{PREFIX}{one.number:06d}.{one.digest}": json.dumps(asdict(one)) for one in entries}
        self.model = RegisteredModel({} if champion is None else {CHAMPION: champion}, tags)

    def registered_model(self, name: str) -> RegisteredModel | None:
        return self.model if name == "loans" else None


def entry(number: int, action: str, version: str, before: str | None, after: str | None, **more: Any) -> Entry:
    time = (NOW - timedelta(days=10 - number)).isoformat()
    known: dict[str, Any] = {"digest": "d", "origin": {}, "checks": [], "metrics": FIGURES, **more}
    return Entry(action, version, before, after, number=number, time=time, **known)  # type: ignore[arg-type]


def standing(registry: Kept, root: Path) -> Standing:
    case = load_params(ROOT / "params.yaml").case("finance_risk")
    other, found = standings(registry, root, Params(cases={"loans": case, "cards": case}))  # type: ignore[arg-type]
    assert (other.case, other.champion, other.value, other.last_run) == ("cards", None, None, "never ran")
    return found


def test_the_champions_figures_and_age_and_the_last_run_are_the_ledgers(tmp_path: Path) -> None:
    refused = {"auc": {"value": 0.7, "low": 0.6, "high": 0.8}}
    registry = Kept(
        "2",
        entry(1, "promoted", "1", None, "1"),
        entry(2, "promoted", "2", "1", "2"),
        entry(3, "refused", "3", "2", "2", metrics=refused),
    )
    assert standing(registry, tmp_path) == Standing(
        *("loans", "binary", "wheel", "2", "auc", 0.85, 0.83, 0.87),
        promoted_at="2026-11-21T12:00:00+00:00",
        last_run="refused",
        last_run_at="2026-11-22T12:00:00+00:00",
    )


def test_cases_that_the_registry_has_lost_are_named_at_once(tmp_path: Path) -> None:
    registry = Kept(None)
    registry.root = tmp_path
    for name in ("cards", "loans"):
        add_lines(tmp_path, name, [(asdict(entry(1, "promoted", "1", None, "1")), None)])
    with pytest.raises(LostRegistryError) as caught:
        standing(registry, tmp_path)
    assert re.findall(r"`casebook restore-registry (\w+)`", str(caught.value)) == ["cards", "loans"]


def test_one_that_came_back_is_as_old_as_its_return_which_is_no_run(tmp_path: Path) -> None:
    entries = [entry(1, "promoted", "1", None, "1"), entry(2, "promoted", "2", "1", "2")]
    found = standing(Kept("1", *entries, entry(3, "rolled_back", "1", "2", "1")), tmp_path)
    assert found.promoted_at == "2026-11-22T12:00:00+00:00"
    assert (found.last_run, found.last_run_at) == ("promoted", "2026-11-21T12:00:00+00:00")


@pytest.mark.parametrize(("version", "low"), [("1", 0.8), ("2", None)])
def test_an_interval_that_the_ledger_had_no_room_for_is_the_reports_of_that_version(
    tmp_path: Path, version: str, low: float | None
) -> None:
    reports = tmp_path / "reports" / "loans"
    reports.mkdir(parents=True)
    write_json(reports / "release.json", {"version": version})
    write_json(reports / "summary.json", {"test": 0.85, "low": 0.8, "high": 0.9, "gate": "promoted"})
    short = entry(1, "promoted", "1", None, "1", metrics={"auc": {"value": 0.85}})
    found = standing(Kept("1", short), tmp_path)
    assert (found.value, found.low) == (0.85, low)


def test_a_champion_that_was_set_by_hand_has_no_age(tmp_path: Path) -> None:
    found = standing(Kept("7"), tmp_path)
    assert (found.champion, found.value, found.promoted_at, found.last_run) == ("7", None, None, "never ran")


def test_a_case_is_a_line_or_two_on_a_narrow_page() -> None:
    one = Standing(
        *("loans", "binary", "wheel", "2", "auc", 0.85, 0.83, 0.87),
        promoted_at="2026-11-26T11:00:00+00:00",
        last_run="refused",
        last_run_at="2026-11-29T09:30:00+00:00",
    )
    assert in_words(one, NOW, 200) == {
        "case": "loans",
        "recipe": "binary",
        "champion": "version 2, 3 days old",
        "served, on test": "auc 0.8500 [0.8300, 0.8700]",
        "last run": "refused 2 hours ago",
    }
    assert in_words(one, NOW, 80) == {
        "case": "loans\nbinary",
        "champion": "version 2,\n3 days old",
        "served, on test": "auc 0.8500\n[0.8300, 0.8700]",
        "last run": "refused\n2 hours ago",
    }
    never = Standing("cards", "binary", "file", None, "auc", None, None, None, None, "never ran", None)
    assert list(in_words(never, NOW, 200).values()) == ["cards", "binary", "–", "–", "never ran"]
