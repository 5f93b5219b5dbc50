"""A champion, a lineage and a ledger in words, from plain data."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from components.registry.ledger import PROMOTED, REFUSED, ROLLED_BACK, Entry
from pipelines.commands.telling import Look, ago, champion_lines, figure, history_rows, trace_lines

NOW = datetime(2026, 11, 29, 21, 30, tzinfo=UTC)
AUC = {"value": 0.866023, "low": 0.838757, "high": 0.891634}
CHAMPION: dict[str, Any] = {
    "name": "loans",
    "version": "3",
    "run_id": "r" * 32,
    "commit": "5ed4423c1c633b1a",
    "data_md5": "7f474dfb533188ac1bc9.dir",
    "promoted_at": "2026-11-29T19:02:11.618+00:00",
    "metrics": {"accuracy": AUC, "auc": AUC, "ks": {"value": 0.6374}, "odd": {"value": None}},
    "overrides": [],
}
OVERRIDE = {"check": "champion", "who": "Ada", "because": "a demo", "until": "2026-11-30"}
LOOK = Look(("auc", "ks", "gone"), "int8_static", 1_184_639, "reports/loans/card.md", "casebook predict loans x.csv")


def test_a_champion_is_told_with_the_figures_that_matter() -> None:
    assert champion_lines(CHAMPION, LOOK, NOW) == [
        "loans, version 3: champion since 2026-11-29 19:02 UTC, 2 hours ago",
        "  auc      0.8660 [0.8388, 0.8916]",
        "  ks       0.6374",
        "           and 2 more metrics: `casebook champion loans --json`",
        "  variant  int8_static, 1.2 MB",
        "  made of  commit 5ed4423c, data md5 7f474dfb5331",
        "  card     reports/loans/card.md",
        "  ask it   casebook predict loans x.csv",
    ]


def test_a_champion_by_an_override_says_so_and_whether_it_has_ended() -> None:
    found = {**CHAMPION, "overrides": [OVERRIDE]}
    told = "  override  champion: overridden by Ada until 2026-11-30 because a demo"
    assert told in champion_lines(found, LOOK, NOW)
    assert f"{told}; it has ended" in champion_lines(found, LOOK, datetime(2026, 11, 30, tzinfo=UTC))


def test_a_promotion_by_an_override_says_which_check_failed() -> None:
    promoted = replace(entry(PROMOTED, "1", None, "1", "2026-11-29T04:00:00+00:00"), overrides=[OVERRIDE], metrics={})
    (row,) = history_rows([promoted], "auc")
    assert row["why"] == "passed 2 of 3 checks; champion overridden by Ada until 2026-11-30 because a demo"


def test_a_champion_of_which_little_is_known() -> None:
    by_hand = {**CHAMPION, "promoted_at": None, "metrics": {}, "commit": None, "data_md5": None}
    assert champion_lines(by_hand, Look(("auc",), None, None, None, "casebook predict loans -"), NOW) == [
        "loans, version 3: champion; the ledger does not know since when: the alias was set by hand",
        "  variant  –",
        "  made of  commit unknown, data md5 –",
        "  card     –",
        "  ask it   casebook predict loans -",
    ]


def test_a_champion_of_a_moment_is_not_to_be_asked() -> None:
    first, *rest = champion_lines(CHAMPION, LOOK, NOW, datetime(2026, 11, 29, 20, 0, tzinfo=UTC))
    assert first == "loans, version 3: champion at 2026-11-29 20:00 UTC, since 2026-11-29 19:02 UTC"
    assert not any("casebook predict" in line for line in rest)


@pytest.mark.parametrize(
    ("time", "said"),
    [
        ("2026-11-29T21:29:01+00:00", "just now"),
        ("2026-11-29T21:29:00+00:00", "1 minute ago"),
        ("2026-11-29T20:31:00+00:00", "59 minutes ago"),
        ("2026-11-29T20:30:00+00:00", "1 hour ago"),
        ("2026-11-28T21:31:00+00:00", "23 hours ago"),
        ("2026-11-20T21:30:00+00:00", "9 days ago"),
        ("2026-11-29T22:00:00+00:00", "just now"),  # a clock that goes ahead
    ],
)
def test_an_age(time: str, said: str) -> None:
    assert ago(time, NOW) == said


@pytest.mark.parametrize(
    ("one", "said"),
    [(AUC, "0.8660 [0.8388, 0.8916]"), ({"value": 0.5}, "0.5000"), ({"value": None, "low": None}, "–"), ({}, "–")],
)
def test_a_figure(one: dict[str, float | None], said: str) -> None:
    assert figure(one) == said


def entry(action: Any, version: str, before: str | None, after: str | None, time: str) -> Entry:
    checks = [["floor auc", False, "auc 0.7, at least 0.8"], ["real", True, "all rows"], ["champion", False, "worse"]]
    return Entry(action, version, before, after, "d", {}, {"auc": AUC}, checks, time=time, by="ann")


def test_a_ledger_says_what_changed_and_why() -> None:
    day = "2026-11-29T0{}:59:59+00:00"
    entries = [
        replace(entry(PROMOTED, "1", None, "1", day.format(1)), metrics={}),
        entry(REFUSED, "2", "1", "1", day.format(2)),
        entry(PROMOTED, "3", "1", "3", "2026-11-29T04:00:00+01:00"),
        entry(ROLLED_BACK, "1", "3", "1", day.format(4)),
        entry(REFUSED, "4", None, None, day.format(5)),
    ]
    assert [tuple(row.values()) for row in history_rows(entries, "auc")] == [
        ("2026-11-29 01:59", "promoted", "1", "– → 1", "passed 3 checks"),
        ("2026-11-29 02:59", "refused", "2", "1", "floor auc: auc 0.7, at least 0.8; champion: worse"),
        ("2026-11-29 03:00", "promoted", "3", "1 → 3", "passed 3 checks; auc 0.8660 [0.8388, 0.8916]"),
        ("2026-11-29 04:59", "rolled back", "1", "3 → 1", "by ann"),
        ("2026-11-29 05:59", "refused", "4", "–", "floor auc: auc 0.7, at least 0.8; champion: worse"),
    ]
    assert history_rows([], "auc") == []


def lineage() -> dict[str, Any]:
    return {
        "case": "loans",
        "version": "3",
        "aliases": ["candidate", "champion"],
        "decision": "promoted",
        "run": {"id": "r1", "name": "loans 3", "status": "FINISHED", "deleted": False},
        "commit": {"sha": "5ed4423c1c633b1a", "author": "Ann", "time": "2026-11-29T10:00:00+01:00", "subject": "Grow"},
        "digests": {"fitted_md5": "f" * 32 + ".dir", "data_md5": "d" * 32 + ".dir", "raw_md5": None},
        "lock": {"from": "commit", "outs": {"models/loans/fitted": "f" * 32 + ".dir", "data/raw/loans": "r" * 32}},
        "source": {
            "kind": "wheel",
            "licence": "MIT",
            "files": {"a": {"requirement": "rows==1"}, "b": {"requirement": "rows==1"}},
        },
    }


def test_a_lineage_reads_from_the_version_back_to_the_source() -> None:
    assert trace_lines(lineage()) == [
        "loans, version 3: champion and candidate; promoted",
        "  ← run       loans 3 r1, finished",
        "  ← commit    5ed4423c of 2026-11-29, Ann: Grow",
        "  ← fit       models/loans/fitted, md5 ffffffffffff",
        "  ← data      md5 dddddddddddd",
        "  ← raw rows  –",
        "  ← source    wheel rows==1",
        "              MIT",
        "",
        "The paths are those of dvc.lock in that commit.",
        "`casebook verify loans` derives the digests again from what lies here.",
    ]


def test_a_lineage_with_gaps_says_what_is_missing() -> None:
    bare = {"aliases": [], "decision": None, "run": None, "commit": None, "lock": {"from": None, "outs": {}}}
    lines = trace_lines({**lineage(), **bare, "source": {"kind": "file", "path": "rows.csv"}})
    assert lines[:3] == [
        "loans, version 3: no alias; no decision",
        "  ← run       not in MLflow any more",
        "  ← commit    not in this clone",
    ]
    assert lines[6:9] == ["  ← source    file rows.csv", "", "No dvc.lock was kept with the model."]
