"""What `casebook promote --override` hands to the stage: of the version that was refused, and of what refused it."""

import json
from pathlib import Path
from typing import Any

import pytest

from components.core.errors import CasebookError
from components.core.files import write_json
from pipelines.asked_overrides import VARIABLE, asked_overrides, asks_again, variables

CHECKS = [
    {"name": "real", "passed": True, "reason": "trained on all rows", "override": None},
    {"name": "floor auc", "passed": False, "reason": "auc 0.7", "override": None},
    {"name": "committed", "passed": False, "reason": "edits", "override": {"check": "committed"}},
    {"name": "champion", "passed": False, "reason": "worse", "override": None},
]


def report(root: Path, **values: Any) -> None:
    folder = root / "reports" / "loans"
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "release.json", {"version": "3", "promoted": False, "checks": CHECKS, **values})


def asked(root: Path, *only: str, until: str = "2030-12-31") -> Any:
    return json.loads(variables("loans", root, only, "Ada", "a demo", until)[VARIABLE])


def test_all_that_refused_the_version_is_overridden_or_what_is_named(tmp_path: Path) -> None:
    report(tmp_path)
    word = {"who": "Ada", "because": "a demo", "until": "2030-12-31"}
    assert asked(tmp_path) == {"version": "3", "overrides": [{"check": c, **word} for c in ("floor auc", "champion")]}
    assert asked(tmp_path, "champion") == {"version": "3", "overrides": [{"check": "champion", **word}]}


def test_the_stage_takes_them_for_that_version_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked_overrides("3") == []
    report(tmp_path)
    monkeypatch.setenv(VARIABLE, variables("loans", tmp_path, (), "Ada", "a demo", "2030-12-31")[VARIABLE])
    assert [one.check for one in asked_overrides("3")] == ["floor auc", "champion"]
    assert asked_overrides("4") == asked_overrides(None) == []


@pytest.mark.parametrize(
    ("promoted", "until", "again"),
    [(True, None, False), (False, None, True), (True, "2020-01-01", True), (True, "2030-12-31", False)],
)
def test_the_gate_is_asked_again_where_its_answer_may_be_another(
    promoted: bool, until: str | None, again: bool
) -> None:
    word = None if until is None else {"check": "champion", "who": "Ada", "because": "a demo", "until": until}
    assert asks_again({"promoted": promoted, "checks": [{"name": "champion", "override": word}]}) is again


@pytest.mark.parametrize(
    ("only", "until", "message"),
    [
        ((), "2020-01-01", r"--until 2020-01-01: that date has come; give a later one: today is \d{4}-"),
        ((), "tomorrow", "override.until: .*no date; write it like 2030-12-31"),
        (("floor acu",), "2030-12-31", "version 3 was not refused by 'floor acu'.*'floor auc'"),
        (("committed",), "2030-12-31", "version 3 was not refused by 'committed'"),
    ],
)
def test_what_cannot_be_asked_is_one_message(tmp_path: Path, only: tuple[str, ...], until: str, message: str) -> None:
    report(tmp_path)
    with pytest.raises(CasebookError, match=message):
        asked(tmp_path, *only, until=until)


def test_only_a_version_that_was_refused_can_be_let_pass(tmp_path: Path) -> None:
    with pytest.raises(CasebookError, match="loans: no version was refused here; `casebook promote loans`"):
        asked(tmp_path)
    report(tmp_path, version=None)
    with pytest.raises(CasebookError, match="no version was refused here"):
        asked(tmp_path)
    report(tmp_path, promoted=True)
    with pytest.raises(CasebookError, match="version 3 was promoted; there is nothing to override"):
        asked(tmp_path)
    report(tmp_path, checks=[{**CHECKS[0], "passed": False}])
    with pytest.raises(CasebookError, match="a smoke model cannot be let pass"):
        asked(tmp_path)
