"""Runs end with the truth, whoever ends them, and go on where they were after a kill."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from components.tracking.owners import HOST, PID, STARTED, alive, owner
from components.tracking.runs import (
    BEST_MD5,
    FITTED_MD5,
    RUN_FILE,
    adopt_search,
    end_orphans,
    new_run,
    parent_run,
    run_of_experiment,
    run_of_fit,
)
from components.tracking.track import Tracker, connect
from tests.components.registry.conftest import Start

CASE = "finance_risk"
FIT = """
import signal, sys, time
from pathlib import Path
from components.tracking.runs import parent_run
from components.tracking.track import connect

signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
tracker = connect(Path(sys.argv[1]))
with parent_run(tracker, "finance_risk", Path(sys.argv[2]), "fit", {"attempt": sys.argv[3]}) as run:
    tracker.log_metrics(run, {"val/loss": 0.5}, step=int(sys.argv[3]))
    print(run, flush=True)
    time.sleep(600 if sys.argv[4] == "wait" else 0)
"""


def status(tracker: Tracker, run: str) -> str:
    return str(tracker.client.get_run(run).info.status)


def begin(
    start: Start, root: Path, state: Path, attempt: int = 1, then: str = "wait"
) -> tuple[str, subprocess.Popen[str]]:
    process = start(FIT, str(root), str(state), str(attempt), then)
    assert process.stdout is not None
    run = process.stdout.readline().strip()
    assert run, process.communicate()
    return run, process


def test_a_run_that_ends_well_is_finished_and_cleared_state_begins_another(tracker: Tracker, tmp_path: Path) -> None:
    with parent_run(tracker, CASE, tmp_path / "state", "fit", {"flow": "7"}) as first:
        assert status(tracker, first) == "RUNNING"
        assert json.loads((tmp_path / "state" / RUN_FILE).read_text())["run"] == first
    found = tracker.client.get_run(first)
    assert (found.info.status, found.info.run_name, found.data.tags["flow"]) == ("FINISHED", "fit", "7")
    with parent_run(tracker, CASE, tmp_path / "state", "fit", {}) as again:
        assert again == first
    (tmp_path / "state" / RUN_FILE).unlink()
    with parent_run(tracker, CASE, tmp_path / "state", "fit", {}) as second:
        assert second != first


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ValueError("no"), "FAILED"),
        (KeyboardInterrupt(), "KILLED"),
        (SystemExit(143), "KILLED"),
        (SystemExit(), "KILLED"),  # Lightning's SIGTERMException carries no code
    ],
)
def test_an_end_by_exception_is_told_and_the_run_goes_on_at_the_next_try(
    tracker: Tracker, tmp_path: Path, error: BaseException, expected: str
) -> None:
    with pytest.raises(type(error)), parent_run(tracker, CASE, tmp_path, "fit", {}) as first:
        raise error
    assert status(tracker, first) == expected
    with parent_run(tracker, CASE, tmp_path, "fit", {}) as second:
        assert second == first
        assert status(tracker, first) == "RUNNING"
    assert status(tracker, first) == "FINISHED"


def test_who_clears_the_state_begins_another_run(tracker: Tracker, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no"), parent_run(tracker, CASE, tmp_path, "fit", {}) as first:
        raise ValueError("no")
    (tmp_path / RUN_FILE).unlink()
    with parent_run(tracker, CASE, tmp_path, "fit", {}) as second:
        assert second != first


def test_a_run_that_this_store_does_not_have_or_that_was_deleted_is_begun_anew(
    tracker: Tracker, tmp_path: Path
) -> None:
    (tmp_path / RUN_FILE).write_text('{"run": "0123456789abcdef0123456789abcdef", "store": "elsewhere"}')
    with pytest.raises(ValueError, match="no"), parent_run(tracker, CASE, tmp_path, "fit", {}) as first:
        raise ValueError("no")
    assert first != "0123456789abcdef0123456789abcdef"
    tracker.client.delete_run(first)
    with parent_run(tracker, CASE, tmp_path, "fit", {}) as second:
        assert second != first


def test_a_store_lost_at_the_end_does_not_hide_why_the_fit_failed(
    tracker: Tracker, root: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def lose_the_store() -> None:
        with closing(sqlite3.connect(root / "mlflow.db")) as connection:
            connection.execute("drop table runs")
        raise ValueError("the loss is NaN")

    with pytest.raises(ValueError, match="the loss is NaN"), parent_run(tracker, CASE, tmp_path, "fit", {}):
        lose_the_store()
    assert "stays open" in caplog.text


def test_later_stages_find_the_newest_run_of_a_fit(tracker: Tracker) -> None:
    for name in ("old", "new"):
        run = new_run(tracker, CASE, name, {FITTED_MD5: "a" * 32 + ".dir"})
        tracker.client.set_terminated(run)
        time.sleep(0.002)  # start times are in ms
    other = new_run(tracker, CASE, "other", {FITTED_MD5: "b" * 32 + ".dir"})
    assert run_of_fit(tracker, CASE, "a" * 32 + ".dir") == run
    assert run_of_fit(tracker, CASE, "b" * 32 + ".dir") == other


def test_a_fit_from_the_cache_gets_one_run_that_is_not_running(tracker: Tracker) -> None:
    run = run_of_fit(tracker, CASE, "c" * 32 + ".dir")
    assert run_of_fit(tracker, CASE, "c" * 32 + ".dir") == run
    tracker.log_metrics(run, {"test/auc": 0.85})
    found = tracker.client.get_run(run)
    assert found.info.status == "FINISHED"
    assert found.data.metrics == {"test/auc": 0.85}


def test_the_search_is_nested_under_the_fit_that_used_it(tracker: Tracker) -> None:
    search = new_run(tracker, CASE, "search", {BEST_MD5: "d" * 32})
    fit = new_run(tracker, CASE, "fit", {})
    assert adopt_search(tracker, CASE, "d" * 32, fit)
    assert tracker.client.get_run(search).data.tags["mlflow.parentRunId"] == fit
    assert not adopt_search(tracker, CASE, "e" * 32, fit)


@pytest.mark.slow
def test_a_killed_fit_is_found_ended_and_resumed_as_one_run(
    tracker: Tracker, root: Path, tmp_path: Path, start: Start
) -> None:
    run, process = begin(start, root, tmp_path / "state")
    other, living = begin(start, root, tmp_path / "other")
    process.kill()
    process.wait()
    assert status(tracker, run) == "RUNNING"
    assert end_orphans(tracker, CASE) == [run]
    assert status(tracker, run) == "KILLED"
    assert status(tracker, other) == "RUNNING"  # its process lives
    again, second = begin(start, root, tmp_path / "state", attempt=2, then="end")
    second.communicate()
    assert second.returncode == 0
    assert again == run
    found = tracker.client.get_run(run)
    assert (found.info.status, found.data.tags["attempt"]) == ("FINISHED", "2")
    assert [point.step for point in tracker.client.get_metric_history(run, "val/loss")] == [1, 2]
    living.kill()
    living.wait()
    assert end_orphans(tracker, CASE) == [other]
    assert end_orphans(tracker, CASE) == []


@pytest.mark.slow
def test_sigterm_ends_the_run_as_killed(tracker: Tracker, root: Path, tmp_path: Path, start: Start) -> None:
    run, process = begin(start, root, tmp_path / "state")
    process.send_signal(signal.SIGTERM)
    process.communicate()
    assert process.returncode == 143
    assert status(tracker, run) == "KILLED"
    assert (tmp_path / "state" / RUN_FILE).exists()


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({}, True),  # not ours
        ({HOST: "another machine", PID: "1", STARTED: "0"}, True),
        ({HOST: socket.gethostname(), PID: str(os.getpid()), STARTED: "0.00"}, False),  # the number was given again
        ({HOST: socket.gethostname(), PID: "4194304", STARTED: "0.00"}, False),  # above Linux's largest number
    ],
)
def test_who_is_alive(tags: dict[str, str], expected: bool) -> None:
    assert alive(tags) is expected
    assert alive(owner())


def test_a_zombie_is_not_alive() -> None:
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    started = psutil.Process(process.pid).create_time()
    assert not alive({HOST: socket.gethostname(), PID: str(process.pid), STARTED: f"{started:.2f}"})
    process.wait()


def test_orphans_of_other_machines_and_cases_are_left_alone(tracker: Tracker) -> None:
    gone = {HOST: "another machine", PID: "4194304", STARTED: "0.00"}
    elsewhere = new_run(tracker, CASE, "fit", gone)
    by_hand = new_run(tracker, CASE, "a notebook's", {})
    other_case = new_run(tracker, "medical_cells", "fit", {**gone, HOST: socket.gethostname()})
    mine = new_run(tracker, CASE, "fit", owner())
    assert end_orphans(tracker, CASE) == []
    assert {status(tracker, run) for run in (elsewhere, by_hand, other_case, mine)} == {"RUNNING"}
    assert end_orphans(tracker, "medical_cells") == [other_case]


def test_a_run_of_an_earlier_checkout_is_known_by_the_tags_that_it_has(tracker: Tracker) -> None:
    before = {"casebook.host": socket.gethostname(), "casebook.pid": "4194304", "casebook.process_started": "0.00"}
    orphan = new_run(tracker, CASE, "fit", before)
    resumed = new_run(tracker, CASE, "fit", {**before, **owner()})
    assert end_orphans(tracker, CASE) == [orphan]
    assert status(tracker, resumed) == "RUNNING"
    fitted = new_run(tracker, CASE, "fit", {"casebook.fitted_md5": "a" * 32})
    assert run_of_fit(tracker, CASE, "a" * 32) == fitted


def test_a_case_without_runs_has_no_orphans(root: Path) -> None:
    assert end_orphans(connect(root), "new_case") == []


def test_an_experiment_adds_to_its_own_fit_or_to_a_run_of_its_own(tracker: Tracker) -> None:
    fitted = new_run(tracker, CASE, "fit", {FITTED_MD5: "a"})
    tags = {"casebook.experiment": "wider-net"}
    own = run_of_experiment(tracker, CASE, "a", "wider-net", tags)
    assert own != fitted
    assert tracker.client.get_run(own).info.run_name == "wider-net"
    assert status(tracker, own) == "FINISHED"
    assert run_of_experiment(tracker, CASE, "a", "wider-net", tags) == own
    assert run_of_experiment(tracker, CASE, "a", "other", {"casebook.experiment": "other"}) not in (own, fitted)
    assert run_of_fit(tracker, CASE, "a") == fitted  # later plain stages find the fit itself
    its_fit = new_run(tracker, CASE, "fit wider-net", {FITTED_MD5: "b", **tags})
    assert run_of_experiment(tracker, CASE, "b", "wider-net", tags) == its_fit
