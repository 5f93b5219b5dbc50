"""One search by several real processes over PostgreSQL, and what kills of each of them leave."""

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import optuna
import psutil
import pytest
from optuna.trial import FrozenTrial, TrialState

from tests.pipelines.conftest import Checkout, copy_of, kill_group, left_alive
from tests.postgres import Postgres

pytestmark = pytest.mark.slow

TRIALS = 4
LONG = {"search.trials": TRIALS, "search.prune": False, "fit.max_epochs": 40, "fit.patience": 40, "fit.batch_size": 16}


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
    """Those of the one study, none before there is one."""
    try:
        storage = optuna.storages.RDBStorage(team.environment["CASEBOOK_DATABASE_URL"])
        (name,) = optuna.get_all_study_names(storage)
    except Exception:
        return []
    return optuna.load_study(study_name=name, storage=storage).get_trials(deepcopy=False)


def under_way(team: Checkout, epochs: int) -> list[FrozenTrial]:
    """Running trials that have done so many epochs at least; of later ones than the first."""
    running = [trial for trial in trials(team) if trial.state == TrialState.RUNNING]
    return [trial for trial in running if len(trial.intermediate_values) >= epochs]


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
    team: Checkout, wait_until: Callable[..., None]
) -> None:
    team.set("search.workers", 2)
    team.set("search.prune", True)  # reports are what this test watches; no trial is pruned before it is judged
    team.set("search.startup_trials", TRIALS)
    started = team.start("python", "-m", "pipelines.stages", "search", "toy")
    try:
        wait_until(lambda: len(under_way(team, 2)) == 2, "two trials are under way")
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
        wait_until(lambda: states(team)["RUNNING"] and states(team)["COMPLETE"] == 1, "the second trial is under way")
        postgres.kill()
        wait_until(lambda: "does not answer" in started.said, "the search misses its database")
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


def test_a_killed_search_goes_on_in_the_database_where_it_stopped(
    team: Checkout, wait_until: Callable[..., None]
) -> None:
    started = team.start("python", "-m", "pipelines.stages", "search", "toy")
    wait_until(lambda: states(team)["RUNNING"] and states(team)["COMPLETE"] == 1, "the second trial is under way")
    os.killpg(started.process.pid, signal.SIGKILL)
    started.wait()
    ended = team.stage("search")
    assert ended.code == 0, ended.said
    assert states(team) == {"COMPLETE": TRIALS, "FAIL": 1}
    assert team.json("models/toy/best.json") == team.json("alone.json")
    assert runs(team)["FINISHED"] == TRIALS


def test_another_checkout_joins_a_search(team: Checkout, tmp_path: Path, wait_until: Callable[..., None]) -> None:
    other = copy_of(team, tmp_path / "other")
    other = Checkout(other.root, team.environment)
    refused = other.run("casebook", "search-worker", "toy")
    assert refused.code == 1
    assert "no search of this code, these data and these params is under way" in refused.said
    started = team.start("python", "-m", "pipelines.stages", "search", "toy")
    try:
        wait_until(lambda: states(team)["RUNNING"], "a trial is under way")
        joined = other.run("casebook", "search-worker", "toy")
        ended = started.wait()
    finally:
        kill_group(started.process.pid)
    assert (joined.code, ended.code) == (0, 0), joined.said + ended.said
    assert states(team) == {"COMPLETE": TRIALS}
    places = Counter(trial.user_attrs["worker"]["state"].split("/state/")[0] for trial in trials(team))
    assert places.keys() == {str(team.root), str(other.root)}


def test_without_a_database_nobody_can_join(prepared: Checkout) -> None:
    refused = prepared.run("casebook", "search-worker", "toy")
    assert refused.code == 1
    assert refused.said.startswith("casebook: CASEBOOK_DATABASE_URL is not set: workers of other machines")
