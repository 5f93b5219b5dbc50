"""A registry whose database is lost is noticed by who asks it, and built again: numbers, bytes, decisions."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from components.core.bundle import bundle_md5
from components.core.errors import CasebookError
from components.core.files import dvc_md5
from components.core.params.load import load_params
from components.registry.champion import champion_at, champion_version, find_version, rival_of
from components.registry.finding import check_registry, open_registry, served
from components.registry.keep import surplus
from components.registry.ledger import LostRegistryError, history
from components.registry.ledger_file import digest_of, ledger_path
from components.registry.model_files import histories_beside
from components.registry.promote import rollback, settle
from components.registry.register import bundle_of, register
from components.registry.restore import Restored, restore_registry
from components.registry.trace import trace
from components.registry.verify import verify
from components.tracking.track import Tracker, connect
from tests.components.registry.toys import (
    CASE,
    CHECKOUT,
    FAILED,
    METRICS,
    PASSED,
    keep_events,
    make_release,
    toy_packages,
)

pytestmark = pytest.mark.usefixtures("toy")
ALL = Restored(CASE, ("1", "2", "3"), (), 4, "1")


@pytest.fixture(scope="module")
def made(fresh_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A checkout with three versions: two were promoted, one refused; the first is champion again."""
    root = tmp_path_factory.mktemp("made") / "checkout"
    shutil.copytree(fresh_store, root)
    with toy_packages(root.parent / "code"):
        tracker = connect(root)
        for income, decision in ((0.1, PASSED), (0.2, PASSED), (0.3, FAILED)):
            release = replace(make_release(tracker, income), histories=keep_events(root.parent / str(income)))
            version = register(tracker, release)
            settle(tracker, CASE, version, decision, METRICS, rival_of(tracker, CASE, version))
        rollback(tracker, CASE)
        yield root


@pytest.fixture
def lost(made: Path, fresh_store: Path, tmp_path: Path) -> Path:
    return lose(made, fresh_store, tmp_path / "lost")


def lose(made: Path, fresh_store: Path, root: Path) -> Path:
    """The checkout as it is when its database is gone and MLflow has made an empty one."""
    shutil.copytree(made, root, ignore=shutil.ignore_patterns("mlflow.db*", ".location"))
    shutil.copy(fresh_store / "mlflow.db", root)
    return root


def histories_of(tracker: Tracker, version: str) -> Path:
    found = histories_beside(bundle_of(tracker, CASE, version))
    assert found is not None
    return found


def state(tracker: Tracker) -> dict[str, Any]:
    """What has to come back; ids of runs and models are new, and so are the times at which rows were made."""
    found = tracker.client.search_model_versions(f"name = '{CASE}'")
    return {
        "ledger": history(tracker, CASE),
        "aliases": dict(tracker.client.get_registered_model(CASE).aliases),
        "tags": {
            one.version: {name: value for name, value in one.tags.items() if not name.startswith("mlflow.")}
            for one in found
        },
        "bundles": {one.version: bundle_md5(bundle_of(tracker, CASE, one.version)) for one in found},
        "histories": {one.version: dvc_md5(histories_of(tracker, one.version)) for one in found},
        "status": {one.version: str(one.description).split("**Status:**")[1].splitlines()[0] for one in found},
        "figures": {
            model.tags["bundle_md5"]: sorted((one.key, one.value) for one in model.metrics or ())
            for model in tracker.client.search_logged_models([tracker.experiment(CASE)])
        },
    }


def test_who_asks_a_lost_registry_is_told_what_rebuilds_it(lost: Path) -> None:
    tracker, reading = connect(lost), open_registry(lost)
    asked: list[Callable[[], object]] = [
        lambda: served(reading, CASE),
        lambda: champion_version(reading, CASE),
        lambda: champion_at(reading, CASE),
        lambda: history(reading, CASE),
        lambda: trace(reading, CASE),
        lambda: find_version(reading, CASE, "2"),
        lambda: check_registry(lost, [CASE]),
        lambda: surplus(tracker, CASE, 1),
        lambda: rollback(tracker, CASE),
        lambda: register(tracker, make_release(tracker, 0.4)),
    ]
    for ask in asked:
        with pytest.raises(LostRegistryError, match=rf"has lost 4 of 4 .*champion version 1.*restore-registry {CASE}`"):
            ask()
    assert tracker.registered_model(CASE) is None  # nobody has begun another one
    check_registry(lost, ["another_case"])


def test_versions_aliases_and_decisions_come_back(made: Path, lost: Path) -> None:
    before, tracker = state(connect(made)), connect(lost)
    assert restore_registry(tracker, CASE, [lost / "mlartifacts"]) == ALL
    assert state(tracker) == before
    assert served(open_registry(lost), CASE).version == "1"
    assert trace(tracker, CASE)["run"]["status"] == "FINISHED"
    assert (
        tracker.client.get_run(find_version(tracker, CASE, "2").run_id)
        .data.tags["mlflow.note.content"]
        .startswith("# Toy")
    )
    assert restore_registry(tracker, CASE, [lost / "mlartifacts"]) == Restored(CASE)
    # What comes after goes on from there.
    last = digest_of(asdict(history(tracker, CASE)[-1]))
    assert register(tracker, make_release(tracker, 0.3)) == "3"
    assert register(tracker, make_release(tracker, 0.4)) == "4"
    settle(tracker, CASE, "4", PASSED, METRICS, "1")
    assert history(tracker, CASE)[-1].parents == [last]
    assert ledger_problems(tracker) == []


def test_a_version_without_files_is_named_and_its_number_not_given_again(lost: Path) -> None:
    lines = [json.loads(line) for line in ledger_path(lost, CASE).read_text(encoding="utf-8").splitlines()]
    models = {line["entry"]["version"]: line["version"]["model"] for line in lines}
    shutil.rmtree(lost / "mlartifacts" / CASE / "models" / models["1"])
    damaged = lost / "mlartifacts" / CASE / "models" / models["3"] / "artifacts" / "artifacts" / "lineage" / "card.md"
    damaged.write_text("# Another", encoding="utf-8")
    tracker = connect(lost)
    found = restore_registry(tracker, CASE, [lost / "mlartifacts"])
    assert found == Restored(CASE, ("2",), ("1", "3"), 4, None)
    assert champion_version(tracker, CASE) is None
    assert rival_of(tracker, CASE, None) == "1"  # the gate does not open because its files are gone
    assert bundle_of(tracker, CASE, "2").is_dir()
    assert register(tracker, make_release(tracker, 0.4)) == "4"


def test_files_that_lie_elsewhere_are_copied(lost: Path, tmp_path: Path) -> None:
    (lost / "mlartifacts").rename(tmp_path / "copy of the bucket")
    tracker = connect(lost)
    assert restore_registry(tracker, CASE, [tmp_path / "copy of the bucket"]) == ALL
    assert bundle_of(tracker, CASE, "3").is_relative_to(lost)
    assert len(list((tmp_path / "copy of the bucket").glob("*/models/*/artifacts/MLmodel"))) == 3


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("create_registered_model", 1),
        ("create_logged_model", 2),
        ("finalize_logged_model", 2),
        ("create_model_version", 2),
        ("set_registered_model_alias", 2),
        ("set_registered_model_tag", 3),
        ("update_registered_model", 1),
    ],
)
def test_cut_off_anywhere_the_same_call_goes_on(
    made: Path, lost: Path, name: str, call: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, tracker, calls, original = state(connect(made)), connect(lost), 0, getattr(MlflowClient, name)

    def deadly(*values: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        answer = original(*values, **named)
        if calls == call:
            raise KeyboardInterrupt
        return answer

    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, name, deadly)
        with pytest.raises(KeyboardInterrupt):
            restore_registry(tracker, CASE, [lost / "mlartifacts"])
    with pytest.raises(LostRegistryError, match="restore-registry"):
        champion_version(tracker, CASE)
    assert restore_registry(tracker, CASE, [lost / "mlartifacts"]).versions == ("1", "2", "3")
    assert state(tracker) == before


def test_a_ledger_that_was_changed_restores_nothing(lost: Path) -> None:
    path = ledger_path(lost, CASE)
    path.write_text(path.read_text(encoding="utf-8").replace('"promoted"', '"refused"', 1), encoding="utf-8")
    with pytest.raises(CasebookError, match=r"jsonl line 2: no such entry, .*bring the file back from a backup"):
        restore_registry(connect(lost), CASE, [lost / "mlartifacts"])
    path.write_text("", encoding="utf-8")
    with pytest.raises(CasebookError, match=r"ledger/toy_case\.jsonl: no decision about toy_case is there"):
        restore_registry(connect(lost), CASE, [lost / "mlartifacts"])


def test_another_registry_of_the_case_is_not_mixed_with_the_ledger(lost: Path) -> None:
    path = ledger_path(lost, CASE)
    aside, tracker = path.rename(path.with_suffix(".aside")), connect(lost)
    settle(tracker, CASE, register(tracker, make_release(tracker, 0.9)), PASSED, METRICS, None)
    aside.rename(path)
    with pytest.raises(CasebookError, match="has 1 other decisions about toy_case by now, the first about version 1"):
        restore_registry(tracker, CASE, [lost / "mlartifacts"])
    assert len(history_by_hand(tracker)) == 1


def test_a_tag_that_was_changed_or_deleted_is_written_as_its_line_has_it(made: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(made, tmp_path / "checkout"))
    tracker = connect(root)
    before = history(tracker, CASE)
    keys = sorted(history_by_hand(tracker))
    tracker.client.delete_registered_model_tag(CASE, keys[0])
    text = tracker.client.get_registered_model(CASE).tags[keys[1]]
    tracker.client.set_registered_model_tag(CASE, keys[1], text.replace("0.85", "0.95"))
    assert [one.metrics["auc"]["value"] for one in history(tracker, CASE)] == [0.95, 0.85, 0.85]
    told = ledger_problems(tracker)
    assert [one.partition(":")[0] for one in told] == ["MLflow's tags", "MLflow's tags, decision 2"]
    found = restore_registry(tracker, CASE, [])
    assert (found.versions, found.gone, found.decisions) == (("1", "2", "3"), (), 2)
    assert (history(tracker, CASE), ledger_problems(tracker)) == (before, [])
    assert sorted(history_by_hand(tracker)) == keys
    text = tracker.client.get_registered_model(CASE).tags[keys[3]]
    tracker.client.set_registered_model_tag(CASE, keys[3], text.replace("0.85", "0.95"))
    with pytest.raises(CasebookError, match=r"jsonl line 4 and MLflow's tag .* differ, .*delete that tag, or move"):
        restore_registry(tracker, CASE, [])


def ledger_problems(tracker: Tracker) -> list[str]:
    params = load_params(CHECKOUT / "params.yaml").case("finance_risk")
    return [one.what for one in verify(tracker, CASE, params) if "ledger" in one.what or "tags" in one.what]


def history_by_hand(tracker: Tracker) -> list[str]:
    tags = tracker.client.get_registered_model(CASE).tags
    return [name for name in tags if name.startswith("mlflow.casebook.decision.")]
