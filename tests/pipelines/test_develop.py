"""The Prefect flow on its own embedded server: the same end as `dvc repro`, and the truth about what became of it."""

import os
import re
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import psutil
import pytest

from pipelines.stages import STAGES
from tests.pipelines.conftest import recording, working_below

pytestmark = pytest.mark.slow


def states(checkout: Any, table: str) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(checkout.root / ".prefect" / "prefect.db")) as connection:
        return connection.execute(f"select name, state_type from {table} order by created").fetchall()  # noqa: S608


def ends(checkout: Any, last: int) -> dict[str, str]:
    """The names of the states in which the last tasks ended."""
    with closing(sqlite3.connect(checkout.root / ".prefect" / "prefect.db")) as connection:
        query = f"select name, state_name from task_run order by created desc limit {last}"  # noqa: S608
        return dict(connection.execute(query).fetchall())


def test_the_flow_ends_where_dvc_repro_ends(checkout: Any, pristine: Any) -> None:
    ended = checkout.run("python", "-m", "pipelines.develop", "toy", **recording(checkout.root))
    assert ended.code == 0, ended.said
    # Stages are forks of a helper here: the processes that DVC has started have imported no step.
    for stage in STAGES:
        imported = checkout.json(f"../imports/toy/{stage}.json")
        assert "pipelines/warm/client.py" in imported
        assert f"pipelines/steps/{stage}.py" not in imported, ended.said
    assert states(checkout, "flow_run") == [("develop ['toy']", "COMPLETED")]
    assert sorted(states(checkout, "task_run")) == sorted(
        [("code", "COMPLETED"), *((f"{stage}@toy", "COMPLETED") for stage in STAGES)]
    )
    again = checkout.repro("release@toy")
    assert (again.code, re.findall("Running stage", again.said)) == (0, []), again.said
    timed = {"reports/toy/compression", "reports/toy/metrics.json", "reports/toy/summary.json", "reports/toy/card.md"}
    expected, found = pristine.outs(), checkout.outs()
    assert {path for path in expected if expected[path] != found[path]} <= timed
    # The version names the flow run that it came from.
    tag = checkout.rows("select value from model_version_tags where key = 'flow_run_id'")[0][0]
    with closing(sqlite3.connect(checkout.root / ".prefect" / "prefect.db")) as connection:
        assert connection.execute("select id from flow_run").fetchall() == [(tag,)]
    # Over finished stages it starts no DVC, and still shows the whole way.
    ended = checkout.run("python", "-m", "pipelines.develop", "toy")
    assert ended.code == 0, ended.said
    assert "dvc repro" not in ended.said
    assert ends(checkout, last=8) == {"code": "Completed", **{f"{stage}@toy": "Cached" for stage in STAGES}}


def test_a_failed_stage_fails_its_own_case_and_no_other(finished: Any) -> None:
    """`other` has no rows to read; `toy`, whose release is out of date, goes on beside it to its end."""
    finished.set("source.path", "nowhere.csv", case="other")
    finished.set("source.watch", "params.yaml", case="other")
    finished.set("release.floors.auc", 0.51)
    finished.commit()
    ended = finished.run("python", "-m", "pipelines.develop", "other", "toy")
    assert ended.code == 1, ended.said
    assert "nowhere.csv: not found; correct source.path" in ended.said
    assert [line for line in ended.said.splitlines() if line.startswith("fetch@other ended with exit code")]
    assert "Traceback" not in ended.said.split("fetch@other ended with exit code")[-1]
    tasks = dict(states(finished, "task_run"))
    assert tasks["fetch@other"] == "FAILED"
    assert {tasks.get(f"{stage}@other", "PENDING") for stage in STAGES[1:]} == {"PENDING"}
    assert {tasks[f"{stage}@toy"] for stage in STAGES} == {"COMPLETED"}
    assert ends(finished, last=15)["release@toy"] == "Completed"
    assert {ends(finished, last=15)[f"{stage}@toy"] for stage in STAGES[:-1]} == {"Cached"}
    assert states(finished, "flow_run") == [("develop ['other', 'toy']", "FAILED")]
    assert "release@toy" not in finished.stale()


def test_kills_of_a_flow_leave_no_run_running_and_double_no_stage(
    finished: Any, wait_until: Callable[..., None]
) -> None:
    finished.set("release.floors.auc", 0.51)
    finished.commit()
    lock = finished.root / "state" / "toy" / "release.lock"
    for number, state in ((signal.SIGTERM, "CRASHED"), (signal.SIGKILL, "RUNNING")):
        before = lock.read_text()
        started = finished.start("python", "-m", "pipelines.develop", "toy")
        wait_until(lambda before=before: lock.read_text() not in ("", before), "the release began")
        stage = int(lock.read_text())
        # The killed flow's embedded server goes with it; the stage has a session of its own.
        (os.killpg if number == signal.SIGKILL else os.kill)(started.process.pid, number)
        assert started.wait().code != 0
        assert states(finished, "flow_run")[-1][1] == state, started.said
        # Told to end, the flow ends its stages; killed, it leaves them at work.
        assert psutil.pid_exists(stage) == (number == signal.SIGKILL)
    ended = finished.run("python", "-m", "pipelines.develop", "toy")
    assert ended.code == 0, ended.said
    assert [state for _, state in states(finished, "flow_run")] == ["CRASHED", "CRASHED", "COMPLETED"]
    assert not {"RUNNING", "PENDING"} & {state for _, state in states(finished, "task_run")}
    assert finished.rows("select version from model_versions") == [(1,)]


def test_a_killed_flow_takes_its_helper_along_or_leaves_it_for_the_stage_under_way_alone(
    finished: Any, wait_until: Callable[..., None]
) -> None:
    for dotted, value in {"evaluate.resamples": 1000, "compress.resamples": 101, "release.floors.auc": 0.51}.items():
        finished.set(dotted, value)
    finished.commit()
    lock = finished.root / "state" / "toy" / "compress.lock"
    for number in (signal.SIGTERM, signal.SIGKILL):
        before = lock.read_text()
        started = finished.start("python", "-m", "pipelines.develop", "toy")
        wait_until(lambda before=before: lock.read_text() not in ("", before), "the compression began")
        stage = psutil.Process(int(lock.read_text()))
        helper = stage.parent()
        assert helper is not None
        assert "pipelines.warm.helper" in helper.cmdline()
        (os.killpg if number == signal.SIGKILL else os.kill)(started.process.pid, number)
        assert started.wait().code != 0
        assert (stage.is_running(), helper.is_running()) == (number == signal.SIGKILL,) * 2, started.said
        _, alive = psutil.wait_procs([stage, helper, *working_below(finished.root)], timeout=120)
        assert alive == []
    assert [stage for stage in finished.stale() if stage.endswith("@toy")] == ["evaluate@toy", "release@toy"]
