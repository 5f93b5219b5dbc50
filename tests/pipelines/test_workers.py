"""One search by several real processes over PostgreSQL, and what kills of each of them leave."""

import os
import signal
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import optuna
import psutil
import pytest
import requests
from optuna.trial import FrozenTrial, TrialState

from tests.pipelines.conftest import Checkout, copy_of, kill_group, left_alive
from tests.postgres import Postgres, free_port

pytestmark = [pytest.mark.slow, pytest.mark.cluster]

TRIALS = 4
SECONDS = 900.0  # a machine that others keep busy takes minutes to import what a worker needs
# Trials report their epochs only where they may be pruned; with so many to begin with none is.
LONG = {
    "search.trials": TRIALS,
    "search.startup_trials": TRIALS,
    "search.prune": True,
    "fit.max_epochs": 20,
    "fit.patience": 20,
    "fit.batch_size": 16,
}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, checkouts: Callable[[Path], Checkout]) -> Checkout:
    """The toy case ready to be searched, with trials of some seconds; one process alone, in a file, searched it."""
    made = checkouts(tmp_path_factory.mktemp("prepared") / "checkout")
    for dotted, value in LONG.items():
        made.set(dotted, value)
    for stage in ("fetch", "prepare", "search"):
        ended = made.stage(stage)
        assert ended.code == 0, ended.said
    return made


@pytest.fixture
def team(prepared: Checkout, database: str, tmp_path: Path) -> Iterator[Checkout]:
    """A copy whose searches are in an empty PostgreSQL."""
    made = copy_of(prepared, tmp_path / "checkout")
    (made.root / "models" / "toy" / "best.json").rename(made.root / "alone.json")
    yield Checkout(made.root, made.environment | {"CASEBOOK_DATABASE_URL": database})
    assert not left_alive(tmp_path), "the test left processes behind"


def trials(team: Checkout) -> list[FrozenTrial]:
    """Those of the one study."""
    url = team.environment["CASEBOOK_DATABASE_URL"]
    (summary,) = optuna.get_all_study_summaries(url)
    return optuna.load_study(study_name=summary.study_name, storage=url).get_trials(deepcopy=False)


def under_way(postgres: Postgres, team: Checkout, epochs: int) -> int:
    """How many running trials have told so many epochs; asked of the tables themselves, which may not be there yet."""
    name = team.environment["CASEBOOK_DATABASE_URL"].rsplit("/", 1)[1]
    if postgres.execute("select to_regclass('trial_intermediate_values')", name) == [(None,)]:
        return 0
    query = """select count(*) from trials t where state = 'RUNNING' and
        (select count(*) from trial_intermediate_values v where v.trial_id = t.trial_id) >= """
    return int(str(postgres.execute(query + str(epochs), name)[0][0]))


def states(team: Checkout) -> Counter[str]:
    return Counter(trial.state.name for trial in trials(team))


def indices(team: Checkout, state: TrialState) -> list[int]:
    return sorted(trial.user_attrs["index"] for trial in trials(team) if trial.state == state)


def runs(team: Checkout) -> dict[str, int]:
    """How many trials' runs MLflow shows by their state."""
    query = """select r.status, count(*) from runs r join tags t on t.run_uuid = r.run_uuid
        where t.key = 'casebook.trial' and r.start_time >
        (select max(start_time) from runs r join tags t on t.run_uuid = r.run_uuid
         where t.key = 'casebook.stage' and t.value = 'search') - 1000 group by 1"""
    assert team.rows("select name from runs where status = 'RUNNING'") == []
    return dict(team.rows(query))


def test_a_worker_that_is_killed_costs_one_trial_which_another_begins_again(
    team: Checkout, postgres: Postgres, wait_until: Callable[..., None]
) -> None:
    team.set("search.workers", 2)
    started = team.start("python", "-m", "pipelines.stages", "search", "toy")
    try:
        wait_until(lambda: under_way(postgres, team, 2) == 2, "two trials are under way", SECONDS)
        victim = worker_processes(started.process.pid)[0]
        victim.kill()
        ended = started.wait()
    finally:
        kill_group(started.process.pid)
    assert ended.code == 0, ended.said
    assert states(team) == {"COMPLETE": TRIALS, "FAIL": 1}
    assert indices(team, TrialState.COMPLETE) == list(range(TRIALS))  # the lost one, too
    assert runs(team) == {"FINISHED": TRIALS, "FAILED": 1}
    assert "was killed (SIGKILL)" in ended.said
    alone = team.json("alone.json")
    first = next(trial for trial in trials(team) if trial.user_attrs["index"] == 0 and trial.value is not None)
    assert team.json("models/toy/best.json")["trials"] == alone["trials"] == {"complete": TRIALS, "pruned": 0}
    assert first.value >= team.json("models/toy/best.json")["value"]


def worker_processes(stage: int) -> list[psutil.Process]:
    """Those that train: children of a stage by `spawn`, less what multiprocessing itself needs."""
    children = psutil.Process(stage).children(recursive=True)
    return [child for child in children if "spawn_main" in " ".join(child.cmdline())]


def test_a_killed_database_that_comes_back_changes_nothing(
    team: Checkout, postgres: Postgres, wait_until: Callable[..., None]
) -> None:
    started = team.start("python", "-m", "pipelines.stages", "search", "toy")
    try:
        wait_until(lambda: under_way(postgres, team, 3), "a trial is under way", SECONDS)
        postgres.kill()
        wait_until(lambda: "does not answer" in started.said, "the search misses its database", SECONDS)
    finally:
        postgres.start()
    try:
        ended = started.wait()
    finally:
        kill_group(started.process.pid)
    assert ended.code == 0, ended.said
    assert states(team)["COMPLETE"] == TRIALS
    assert indices(team, TrialState.COMPLETE) == list(range(TRIALS))
    assert team.json("models/toy/best.json") == team.json("alone.json")
    assert runs(team)["FINISHED"] == TRIALS


def test_another_checkout_joins_a_search(
    team: Checkout, postgres: Postgres, tmp_path: Path, wait_until: Callable[..., None]
) -> None:
    team.set("search.lost_after_s", 3600)  # the one that is halted below is not lost
    other = copy_of(team, tmp_path / "other")
    other = Checkout(other.root, team.environment)
    refused = other.run("python", "-m", "pipelines.cli", "search-worker", "toy")
    assert refused.code == 1
    assert "no search of this code, these data and these params is under way" in refused.said
    started = team.start("python", "-m", "pipelines.stages", "search", "toy")
    try:
        wait_until(lambda: under_way(postgres, team, 1), "a trial is under way", SECONDS)
        os.killpg(started.process.pid, signal.SIGSTOP)  # until the other is there, however long it takes to start
        joining = other.start("python", "-m", "pipelines.cli", "search-worker", "toy")
        wait_until(lambda: under_way(postgres, team, 1) == 2, "the other has a trial, too", SECONDS)
        os.killpg(started.process.pid, signal.SIGCONT)
        joined, ended = joining.wait(), started.wait()
    finally:
        kill_group(joining.process.pid)
        kill_group(started.process.pid)
    assert (joined.code, ended.code) == (0, 0), joined.said + ended.said
    assert states(team) == {"COMPLETE": TRIALS}
    places = Counter(trial.user_attrs["worker"]["state"].split("/state/")[0] for trial in trials(team))
    assert places.keys() == {str(team.root), str(other.root)}


def test_without_a_database_nobody_can_join(prepared: Checkout) -> None:
    refused = prepared.run("python", "-m", "pipelines.cli", "search-worker", "toy")
    assert refused.code == 1
    assert refused.said.startswith("casebook: CASEBOOK_DATABASE_URL is not set: workers of other machines")


def test_a_search_on_a_dask_cluster(team: Checkout, wait_until: Callable[..., None]) -> None:
    port, prefect = free_port(), free_port()
    address, home = f"tcp://127.0.0.1:{port}", team.root / ".prefect"
    # The code of this checkout, and not of the one that the environment is of; a Prefect of the team's.
    variables = {"PYTHONPATH": str(team.root), "PREFECT_API_URL": f"http://127.0.0.1:{prefect}/api"}
    server = ["server", "start", "--host", "127.0.0.1", "--port", str(prefect), "--no-ui"]
    options = {"PREFECT_HOME": str(home), "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
    cluster = [
        team.start("dask", "scheduler", "--host", "127.0.0.1", "--port", str(port), **variables),
        *(team.start("dask", "worker", address, "--nthreads", "1", **variables) for _ in range(2)),
        team.start("prefect", *server, **options),
    ]
    team.set("search.dask", address)
    team.set("search.workers", 2)
    try:
        wait_until(lambda: cluster[0].said.count("Register worker") == 2, "two workers are there", SECONDS)
        wait_until(lambda: answers(f"{variables['PREFECT_API_URL']}/health"), "Prefect answers", SECONDS)
        ended = team.stage("search", **variables)
        assert ended.code == 0, ended.said
        wait_until(lambda: shown(home, "task_run") == ["COMPLETED"] * 2, "Prefect shows both workers", SECONDS)
        assert shown(home, "flow_run") == ["COMPLETED"]
    finally:
        for one in cluster:
            kill_group(one.process.pid)
    assert states(team) == {"COMPLETE": TRIALS}
    assert runs(team) == {"FINISHED": TRIALS}
    assert len({trial.user_attrs["worker"]["name"] for trial in trials(team)}) == 2
    database = team.environment["CASEBOOK_DATABASE_URL"]
    assert not any(database in one.said for one in cluster)


def answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=30).ok
    except requests.RequestException:
        return False


def shown(home: Path, table: str) -> list[str]:
    """The states of the flow's or the tasks' runs in Prefect's database."""
    with closing(sqlite3.connect(home / "prefect.db", timeout=60)) as connection:
        return [state for (state,) in connection.execute(f"select state_type from {table}")]  # noqa: S608
