"""What goes and what stays of a case in a real store, and what a rollback and the ledger say afterwards."""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from components.core.errors import CasebookError
from components.registry.champion import champion_at, champion_version
from components.registry.keep import Doomed, all_of, behind_server, check_idle, data_of_kept, surplus
from components.registry.ledger import history
from components.registry.ledger_file import ledger_path
from components.registry.promote import rollback, settle
from components.registry.purge import bytes_of, delete
from components.registry.register import bundle_of, register
from components.tracking.owners import HOST, STARTED, owner
from components.tracking.runs import PARENT, new_run
from components.tracking.track import Tracker, connect
from tests.components.registry.toys import CASE, FAILED, METRICS, PASSED, make_release
from tests.once import made_once

pytestmark = pytest.mark.usefixtures("toy")


def released(tracker: Tracker, income: float, *, passes: bool) -> str:
    """A version with a fit, a search and a trial of its own, and what the gate said of it."""
    fit = new_run(tracker, CASE, "fit", {})
    search = new_run(tracker, CASE, "search", {PARENT: fit})
    trial = new_run(tracker, CASE, "trial", {PARENT: search})
    tracker.client.log_text(fit, "x" * 100, "note.txt")
    tracker.client.log_text(trial, "x" * 10, "note.txt")
    version = register(tracker, replace(make_release(tracker, income), run=fit))
    settle(tracker, CASE, version, PASSED if passes else FAILED, METRICS, champion_version(tracker, CASE))
    return version


@pytest.fixture
def story(toy: Path, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Tracker:  # noqa: ARG001
    """Seven versions: 2 and 5 passed the gate, 5 is champion, 7 the candidate. In a store of the test's own."""

    def make(folder: Path) -> None:
        tracker = connect(shutil.copytree(root, folder, dirs_exist_ok=True))
        answers = [False, True, False, False, True, False, False]
        for number, passes in enumerate(answers, 1):
            assert released(tracker, number / 10, passes=passes) == str(number)

    shutil.copytree(made_once(tmp_path_factory, "seven-versions", make), root, dirs_exist_ok=True)
    return connect(root)


def versions(tracker: Tracker) -> list[int]:
    return sorted(int(one.version) for one in tracker.client.search_model_versions(f"name = '{CASE}'"))


def count(tracker: Tracker, table: str) -> int:
    with closing(sqlite3.connect(tracker.root / "mlflow.db")) as connection:
        return int(connection.execute(f"select count(*) from {table}").fetchone()[0])  # noqa: S608


def artifact_folders(tracker: Tracker) -> tuple[int, int]:
    """Folders of runs, and of logged models."""
    case = tracker.root / "mlartifacts" / CASE
    return len([one for one in case.iterdir() if one.name != "models"]), len(list((case / "models").iterdir()))


def test_the_newest_the_champion_its_rival_and_the_candidate_stay(story: Tracker) -> None:
    assert surplus(story, CASE, 1).versions == surplus(story, CASE, 0).versions
    assert sorted(surplus(story, CASE, 0).versions) == ["1", "3", "4", "6"]
    assert sorted(surplus(story, CASE, 3).versions) == ["1", "3", "4"]
    assert surplus(story, CASE, 7).versions == ()


def test_a_version_with_any_alias_stays(story: Tracker) -> None:
    story.client.set_registered_model_alias(CASE, "shown_to_the_board", "3")
    assert sorted(surplus(story, CASE, 1).versions) == ["1", "4", "6"]


def test_what_goes_goes_with_its_runs_its_model_and_its_bytes_and_the_ledger_stays(story: Tracker) -> None:
    before, ledger = champion_at(story, CASE), history(story, CASE)
    doomed = surplus(story, CASE, 1)
    assert (len(doomed.runs), len(doomed.models)) == (12, 4)
    of_models, of_runs = bytes_of(story, doomed)
    assert of_runs == 4 * 110
    disk = sum(path.stat().st_size for path in (story.root / "mlartifacts").rglob("*") if path.is_file())
    delete(story, CASE, doomed)
    left = sum(path.stat().st_size for path in (story.root / "mlartifacts").rglob("*") if path.is_file())
    assert disk - left == of_models + of_runs
    assert versions(story) == [2, 5, 7]
    assert (count(story, "runs"), count(story, "logged_models")) == (10, 3)  # nine, and that of make_release
    assert artifact_folders(story) == (6, 3)
    assert (champion_at(story, CASE), history(story, CASE)) == (before, ledger)
    assert rollback(story, CASE).version == "2"
    assert bundle_of(story, CASE, "2").is_dir()
    assert rollback(story, CASE, "5").version == "5"
    assert surplus(story, CASE, 1) == Doomed(doomed.experiment, needed=surplus(story, CASE, 1).needed)


def test_numbers_of_versions_are_not_used_again(story: Tracker) -> None:
    delete(story, CASE, surplus(story, CASE, 1))
    assert released(story, 0.1, passes=False) == "8"


def test_a_run_that_a_version_shares_with_one_that_stays_stays(tracker: Tracker) -> None:
    for income in (0.1, 0.2):
        register(tracker, make_release(tracker, income))
    doomed = surplus(tracker, CASE, 1)
    assert (doomed.versions, doomed.runs, len(doomed.models)) == (("1",), (), 1)


def test_runs_that_somebody_has_deleted_are_purged_but_those_of_versions_that_stay(story: Tracker) -> None:
    lost = new_run(story, CASE, "a mistake", {})
    champion = story.client.get_model_version(CASE, "5").run_id
    story.client.delete_run(lost)
    story.client.delete_run(champion)
    doomed = surplus(story, CASE, 10)
    assert [run.info.run_id for run in doomed.runs] == [lost]
    delete(story, CASE, doomed)
    assert surplus(story, CASE, 10).runs == ()
    assert story.client.get_run(champion).info.lifecycle_stage == "deleted"


@pytest.mark.parametrize("at", ["delete_logged_model", "delete_run"])
def test_a_deletion_that_was_cut_off_goes_on(story: Tracker, at: str) -> None:
    class CutOffError(Exception):
        pass

    class Cut:
        def __getattr__(self, name: str) -> object:
            method = getattr(story.client, name)
            calls.append(name)
            if name == at and calls.count(at) > 1:
                raise CutOffError
            return method

    calls: list[str] = []
    with pytest.raises(CutOffError):
        delete(replace(story, client=Cut()), CASE, surplus(story, CASE, 1))  # type: ignore[arg-type]
    doomed = surplus(story, CASE, 1)
    assert doomed.versions == ()
    delete(story, CASE, doomed)
    assert versions(story) == [2, 5, 7]


def test_the_data_of_versions_that_stay(story: Tracker) -> None:
    story.client.set_model_version_tag(CASE, "1", "data_md5", "old.dir")
    story.client.set_model_version_tag(CASE, "5", "data_md5", "champion.dir")
    kept = data_of_kept(story, CASE, surplus(story, CASE, 1))
    assert "champion.dir" in kept
    assert "old.dir" not in kept


def test_a_case_that_leaves_leaves_nothing_and_its_name_is_free(story: Tracker) -> None:
    other = new_run(story, "other", "fit", {})
    doomed = all_of(story, CASE)
    assert (len(doomed.versions), len(doomed.models), len(doomed.runs)) == (7, 7, 22)
    delete(story, CASE, doomed)
    assert all_of(story, CASE) == Doomed(None, whole=True)
    assert not ledger_path(story.root, CASE).exists()
    assert not any((story.root / "mlartifacts" / CASE).rglob("*.txt"))
    assert story.client.get_run(other).info.run_id == other
    assert released(story, 0.1, passes=True) == "1"


def test_a_case_that_mlflow_has_never_seen(tracker: Tracker) -> None:
    assert surplus(tracker, CASE, 1) == Doomed(None)
    assert all_of(tracker, CASE) == Doomed(None, whole=True)
    delete(tracker, CASE, all_of(tracker, CASE))


def test_a_database_is_purged_a_server_is_not(tracker: Tracker) -> None:
    assert not behind_server(tracker)
    assert not behind_server(replace(tracker, uri="postgresql://team/mlflow"))
    assert behind_server(replace(tracker, uri="https://team.example"))


def test_a_run_that_a_process_of_any_machine_may_be_at_is_named(tracker: Tracker) -> None:
    check_idle(tracker, CASE)
    gone = new_run(tracker, CASE, "cut off here", {**owner(), STARTED: "1.0"})
    there = new_run(tracker, CASE, "fit", {**owner(), HOST: "another"})
    with pytest.raises(CasebookError, match=rf"'fit' \({there}\) of machine another is under way"):
        check_idle(tracker, CASE)
    tracker.client.set_terminated(there)
    check_idle(tracker, CASE)
    assert tracker.client.get_run(gone).info.status == "RUNNING"
