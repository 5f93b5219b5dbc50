"""Each event is told once, one that cannot be told later, and a drift as it begins; nothing of it fails who calls."""

import json
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from components.core.errors import CasebookError
from components.core.params.load import load_params
from components.core.yaml_files import dump_yaml, read_yaml
from components.monitoring.drift import Drift as Column
from components.monitoring.findings import Findings
from components.monitoring.quality import Quality
from components.registry.ledger import Entry
from components.registry.ledger_writing import append
from components.tracking.track import Tracker, connect
from pipelines.cli import app
from pipelines.operating.events import Event, event, override_ended
from pipelines.operating.notify import notify, notify_champion, notify_look, with_drift
from pipelines.operating.told import WAITING, Told, read_told, record_of
from tests.pipelines.operating.receivers import SECRET, Hook, webhook
from tests.toy.jobs import CHECKOUT

CASE = "finance_risk"
WORDS = "finance_risk: an override has ended, by which version 3 still serves"


def told_of(root: Path) -> Told:
    return read_told(record_of(root, CASE))


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hook]:
    with webhook() as made:
        monkeypatch.setenv("TEAM_HOOK", made.address)
        yield made


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout whose params say where to tell."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    content = read_yaml(CHECKOUT / "params.yaml")
    content["operate"]["notify"] = {"kind": "webhook", "variable": "TEAM_HOOK"}
    (tmp_path / "params.yaml").write_text(dump_yaml(content), encoding="utf-8")
    load_params(tmp_path / "params.yaml")
    return tmp_path


def failed(key: str) -> Event:
    return event("retrain_failed", CASE, key, "it failed")


def test_an_event_is_told_once(root: Path, hook: Hook) -> None:
    for _ in range(2):
        notify(root, failed("1"), override_ended(CASE, "3", WORDS))
    assert hook.kinds == ["retrain_failed", "override_ended"]
    assert hook.got[1]["text"] == WORDS
    assert told_of(root) == Told(ids=tuple(one["id"] for one in hook.got))


def test_without_the_block_nothing_is_told_or_written(root: Path, hook: Hook) -> None:
    shutil.copyfile(CHECKOUT / "params.yaml", root / "params.yaml")
    notify(root, failed("1"))
    notify_champion(root, CASE)
    assert hook.got == []
    assert sorted(path.name for path in root.iterdir()) == ["params.yaml"]


def test_what_cannot_be_told_is_one_line_and_told_with_the_next(
    root: Path, hook: Hook, caplog: pytest.LogCaptureFixture
) -> None:
    hook.answers += [500, 500]
    notify(root, failed("1"), failed("2"))
    (line,) = [record.getMessage() for record in caplog.records]
    assert line == (
        "finance_risk: not told yet (the webhook of TEAM_HOOK answered 500); "
        "it is tried again with the next event or look"
    )
    assert len(hook.answers) == 1  # the second one would wait for the same answer
    notify(root, failed("1"))
    assert (hook.kinds, hook.answers) == ([], [])
    notify(root, failed("3"))
    assert [one["id"] for one in hook.got] == [failed(key).id for key in ("1", "2", "3")]
    assert SECRET not in caplog.text
    assert SECRET not in record_of(root, CASE).read_text(encoding="utf-8")


def test_of_a_long_outage_the_last_events_are_kept() -> None:
    told = Told().with_events(failed(str(number)) for number in range(WAITING + 10))
    assert [one.key for one in told.waiting] == [str(number) for number in range(10, WAITING + 10)]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"ids": 1, "waiting": [{}], "drift": null, "champion": null}'])
def test_a_damaged_record_is_said_and_begun_anew(
    root: Path, hook: Hook, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = record_of(root, CASE)
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    notify(root, failed("1"))
    assert f"{path}: damaged" in caplog.text
    assert "Traceback" not in caplog.text
    assert hook.kinds == ["retrain_failed"]
    assert told_of(root).ids == (failed("1").id,)


def test_nothing_fails_who_calls(root: Path, hook: Hook, caplog: pytest.LogCaptureFixture) -> None:
    (root / "state").write_text("no folder", encoding="utf-8")
    notify(root, failed("1"))
    (root / "params.yaml").write_text("cases: [", encoding="utf-8")
    notify(root, failed("1"))
    notify_champion(root, CASE)
    assert hook.got == []
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * len(caplog.records)
    assert len(caplog.records) == 3


def findings(*, columns: bool = False, scores: bool = False, quality: bool = False) -> Findings:
    moved = Column("what it says", "ks", 0.31, 0.3, 0.0, 0.0, (0.0, 0.0), scores)
    names = {"what it says": scores, "columns": columns, "auc": quality}
    reasons = tuple(f"{name} drifted" for name, is_one in names.items() if is_one)
    figure = Quality("auc", 400, None, None, None, quality, "")
    return Findings(400, 400, (), (moved,), figure, {}, reasons, ())


def test_a_drift_is_told_as_it_begins_and_again_where_more_drifts() -> None:
    told, seen = Told(), []
    looks: list[tuple[str, Findings, bool]] = [
        ("1", findings(), True),
        ("1", findings(columns=True), True),  # told
        ("1", findings(columns=True), True),
        ("1", findings(columns=True, scores=True), True),  # told: the scores, too
        ("1", findings(scores=True), True),
        ("1", findings(), False),  # too few rows say nothing
        ("1", findings(columns=True), True),
        ("2", findings(columns=True), True),  # told: another champion meets it
        ("2", findings(), True),
        ("2", findings(quality=True), True),  # told: it has begun again
    ]
    for champion, found, decided in looks:
        told, events = with_drift(told, CASE, champion, found, decided=decided)
        seen.append([one.details for one in events])
    assert seen == [
        *([], [("columns drifted",)], [], [("what it says drifted", "columns drifted")]),
        *([], [], [], [("columns drifted",)], [], [("auc drifted",)]),
    ]


def champion(tracker: Tracker, before: str | None, version: str, *overrides: dict[str, str]) -> None:
    """As a release writes it."""
    tracker.client.create_model_version(CASE, source="file:///nowhere", run_id=None)
    run: Any = {"run_id": ""}
    append(tracker, CASE, Entry("promoted", version, before, version, "d", run, {}, (), overrides))
    tracker.client.set_registered_model_alias(CASE, "champion", version)


@pytest.mark.slow  # it makes a store of MLflow's
def test_an_exchanged_champion_is_told_whoever_did_it_and_an_override_that_has_ended(root: Path, hook: Hook) -> None:
    tracker = connect(root)
    tracker.client.create_registered_model(CASE)
    notify_champion(root, CASE)  # it takes down that there is none
    champion(tracker, None, "1")
    notify_champion(root, CASE)
    notify_look(root, CASE, findings(), decided=True)
    assert [one["text"] for one in hook.got] == ["finance_risk: version 1 is champion, the first one"]
    champion(tracker, "1", "2", {"check": "floor auc", "who": "Ada", "because": "a demo", "until": "2020-12-31"})
    notify_look(root, CASE, findings(columns=True), decided=True)
    notify_look(root, CASE, findings(columns=True), decided=True)
    assert [one["text"] for one in hook.got[1:3]] == [
        "finance_risk: version 2 is champion, after version 1",
        "finance_risk: the rows that version 2 meets have drifted",
    ]
    assert hook.kinds[3:] == ["override_ended"]
    assert hook.got[3]["text"].startswith(f"{WORDS.replace('3', '2')}: floor auc overridden by Ada until 2020-12-31")
    assert json.loads(record_of(root, CASE).read_text(encoding="utf-8"))["champion"] == "2"


def test_a_trial_is_sent_each_time_or_the_command_says_why_not(
    root: Path, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root)
    for _ in range(2):
        said = CliRunner().invoke(app, ["notify"])
        assert (said.exit_code, said.output) == (0, "the webhook of TEAM_HOOK took the trial\n")
    assert hook.kinds == ["trial", "trial"]
    assert len({one["id"] for one in hook.got}) == 2
    monkeypatch.delenv("TEAM_HOOK")
    assert "TEAM_HOOK is not set" in str(CliRunner().invoke(app, ["notify"]).exception)
    shutil.copyfile(CHECKOUT / "params.yaml", root / "params.yaml")
    assert "operate.notify: not there" in str(CliRunner().invoke(app, ["notify"]).exception)


def test_a_retrain_without_a_server_is_one_message(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    found = CliRunner().invoke(app, ["retrain", CASE]).exception
    assert isinstance(found, CasebookError)
    assert str(found).startswith("no Prefect server is up: `make up` starts one here")
    assert "no case 'nobody'" in str(CliRunner().invoke(app, ["retrain", "nobody"]).exception)
