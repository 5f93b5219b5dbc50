"""What a retrain came to, from what `dvc.lock` said before and after."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.monitoring.once import RECORD, Result, read, start_once
from pipelines.operating.retrained import lock_at_begin, outcome_of, prepared_digest, write_down
from pipelines.stages import STAGES


def lock(root: Path, **versions: int) -> None:
    """A `dvc.lock` of the case `toy` and of another, which says of each stage what it made."""
    stages: dict[str, Any] = {"prepare@other": {"outs": [{"path": "data/prepared/other", "md5": "9"}]}}
    for stage, version in versions.items():
        stages[f"{stage}@toy"] = {"cmd": stage, "outs": [{"path": f"data/{stage}/toy", "md5": f"{version}"}]}
    (root / "dvc.lock").write_text(yaml.safe_dump({"schema": "2.0", "stages": stages}), encoding="utf-8")


def release(root: Path, *, promoted: bool) -> None:
    content = {"version": "2", "promoted": promoted, "reasons": [] if promoted else ["auc 0.71, at least 0.80"]}
    (root / "reports" / "toy").mkdir(parents=True, exist_ok=True)
    (root / "reports" / "toy" / "release.json").write_text(json.dumps(content), encoding="utf-8")


ALL = dict.fromkeys(STAGES, 1)


@pytest.mark.parametrize(
    ("after", "promoted", "came", "words"),
    [
        ({}, False, "unchanged", "no stage ran: data, params and code are those of the last run; the champion stays"),
        ({"fetch": 2}, False, "unchanged", "fetch ran, and nothing of it reaches the model; the champion stays"),
        (
            {"prepare": 2, "fit": 2, "release": 2},
            False,
            "refused",
            "version 2: trained, and refused by the gate; the champion stays. auc 0.71, at least 0.80",
        ),
        ({"release": 2}, False, "refused", "version 2: refused by the gate; the champion stays. auc 0.71"),
        (dict.fromkeys(STAGES, 2), True, "promoted", "version 2: promoted to champion"),
    ],
)
def test_the_outcome_is_what_ran_and_what_the_gate_said(
    tmp_path: Path, after: dict[str, int], promoted: bool, came: str, words: str
) -> None:
    lock(tmp_path, **ALL)
    release(tmp_path, promoted=promoted)
    before = lock_at_begin("toy", tmp_path, "run-1")
    lock(tmp_path, **(ALL | after))
    found = outcome_of("toy", tmp_path, before)
    assert found.came == came
    assert found.words.startswith("toy")
    assert words in found.words


def test_a_run_that_is_taken_up_again_goes_by_what_its_first_attempt_found(tmp_path: Path) -> None:
    lock(tmp_path)
    release(tmp_path, promoted=False)
    lock_at_begin("toy", tmp_path, "run-1")
    lock(tmp_path, **ALL)  # all of it ran, and its process was killed
    assert outcome_of("toy", tmp_path, lock_at_begin("toy", tmp_path, "run-1")).came == "refused"
    assert outcome_of("toy", tmp_path, lock_at_begin("toy", tmp_path, "run-2")).came == "unchanged"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"run": "run-1", "stages": 1}'])
def test_a_damaged_note_of_the_begin_is_written_anew(tmp_path: Path, text: str) -> None:
    lock(tmp_path, **ALL)
    (tmp_path / "state/toy/retrain").mkdir(parents=True)
    (tmp_path / "state/toy/retrain/begin.json").write_text(text, encoding="utf-8")
    assert outcome_of("toy", tmp_path, lock_at_begin("toy", tmp_path, "run-1")).came == "unchanged"


def test_the_digest_of_the_prepared_rows_is_that_of_the_lock(tmp_path: Path) -> None:
    assert prepared_digest("toy", tmp_path) is None
    lock(tmp_path, prepare=7)
    assert (prepared_digest("toy", tmp_path), prepared_digest("other", tmp_path)) == ("7", "9")


def test_the_end_of_a_run_that_was_asked_for_by_key_is_written_down(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lock(tmp_path, prepare=7)
    folder = tmp_path / "state/toy/monitor"
    asked = start_once(folder, ["drift"], lambda _: None, cooldown_hours=1)
    assert asked is not None
    for key in (None, "2026-11-30 02:15 UTC"):  # by hand, and by cron
        write_down(tmp_path, "toy", key, "unchanged")
        assert read(folder) == asked
    write_down(tmp_path, "toy", asked.id, "refused")
    assert read(folder) == replace(asked, result=Result("refused", "7"))
    (folder / RECORD).write_text("half", encoding="utf-8")
    write_down(tmp_path, "toy", asked.id, "promoted")
    assert f"{folder / RECORD}: not a record of a retrain" in caplog.text
