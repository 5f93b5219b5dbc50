"""A schedule fires and ends in a champion, while a worker and the server are killed in the midst of it.

One story on real processes: two deploys, a minutely cron, SIGKILL of the gpu worker with all its processes in an epoch
of the search and of the flow's process beside its worker, which goes on, SIGKILL of the Prefect server in an epoch of
the fit. After each the same command again, but for the flow, and the end is that of an undisturbed run.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import requests
from prefect.client.orchestration import SyncPrefectClient
from prefect.states import Running

from pipelines.operating.worker import ATTEMPTS, take_up
from tests.pipelines.conftest import Checkout, copy_of, make_checkout, put
from tests.pipelines.team import Team, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.cluster]

VALIDATION = "components.recipes.binary.training.learner:BinaryLearner.validation_step before"  # once an epoch
EVERY_MINUTE = "* * * * *"
LITTLE = {"search.trials": 1, "fit.max_epochs": 3, "compress.variants": {}}
UNFINISHED = {"RUNNING", "PENDING", "CANCELLING", "PAUSED"}


@dataclass
class Story:
    team: Team
    deployed: list[dict[str, Any]] = field(default_factory=list)
    scheduled: list[dict[str, Any]] = field(default_factory=list)
    run: str = ""


def small_checkout(root: Path) -> Checkout:
    made = make_checkout(root)
    params = made.params()
    del params["cases"]["other"]
    for dotted, value in LITTLE.items():
        put(params["cases"]["toy"], dotted, value)
    put(params["operate"], "retrain.cron", EVERY_MINUTE)
    put(params["operate"], "pools.cpu.concurrency", 1)  # one run, whatever else the minutes have brought by then
    put(params["operate"], "monitor.cron", None)
    # On a machine that others work on, a worker is slow to say that it lives and to begin.
    put(params["operate"], "retrain.heartbeat_age_s", 300)
    put(params["operate"], "retrain.start_deadline_s", 600)
    made.write_params(params)
    return made


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    checkout = small_checkout(tmp_path_factory.mktemp("operating") / "checkout")
    made = Story(Team(checkout))
    try:
        tell(made)
        yield made
    finally:
        made.team.end()


def tell(story: Story) -> None:
    team = story.team
    team.serve()
    for _ in range(2):
        ended = team.casebook("deploy")
        assert ended.code == 0, ended.said
        story.deployed.append(team.api.deployments())
    wait_for(lambda: team.api.runs("retrain", "SCHEDULED"), "cron schedules runs")
    story.scheduled = team.api.runs("retrain", "SCHEDULED")
    team.checkout.commit()  # prefect.yaml is the repository's
    team.work("cpu")
    team.work("gpu", **team.checkout.fault(f"search {VALIDATION}", "none", call=2))
    wait_for(lambda: team.api.begun("retrain"), "the schedule fires", *team.workers.values())
    story.run = team.api.begun("retrain")[0]["id"]
    team.api.pause("retrain/toy")
    wait_for(team.checkout.mark.exists, "an epoch of the search", *team.workers.values())
    team.kill_run("cpu", story.run)
    killed = team.kill_worker("gpu")
    assert len(killed) >= 4, killed  # the worker, the run, dvc, the stage
    assert team.checkout.struck()
    team.work("gpu", **team.checkout.fault(f"fit {VALIDATION}", "none", call=2))
    wait_for(team.checkout.mark.exists, "an epoch of the fit", *team.workers.values())
    team.kill_server()
    assert not team.answers()
    team.serve()
    assert team.checkout.struck()
    wait_for(lambda: team.api.finished(story.run), "the end of the run", *team.workers.values())


def test_deploying_twice_changes_nothing(story: Story) -> None:
    first, second = story.deployed
    assert sorted(first) == ["monitor/toy", "retrain/toy", "stage/gpu"]
    for name, before in first.items():
        after = second[name]
        assert before["id"] == after["id"]
        assert [one["id"] for one in before["schedules"]] == [one["id"] for one in after["schedules"]]
    (schedule,) = second["retrain/toy"]["schedules"]
    assert (schedule["schedule"]["cron"], schedule["schedule"]["timezone"]) == (EVERY_MINUTE, "UTC")
    assert second["monitor/toy"]["schedules"] == []
    automations = [one["name"] for one in story.team.api.ask("automations/filter")]
    assert automations.count("casebook: runs without a heartbeat") == 1


def test_cron_got_scheduled_runs_a_minute_apart(story: Story) -> None:
    assert {run["auto_scheduled"] for run in story.scheduled} == {True}
    times = sorted(run["expected_start_time"] for run in story.scheduled)
    assert len(times) == len(set(times))
    assert all(re.search(r":00(\.0+)?(Z|\+00:00)$", time) for time in times), times


def test_the_scheduled_run_promoted_a_champion(story: Story) -> None:
    team = story.team
    (run,) = [one for one in team.api.begun("retrain") if one["id"] == story.run]
    assert run["state_type"] == "COMPLETED", f"{run['state']}\n{team.said()}"
    assert run["state"]["message"] == "toy version 1: promoted to champion"
    aliases = "select alias, version from registered_model_aliases order by alias"
    assert team.checkout.rows(aliases) == [("candidate", 1), ("champion", 1)]
    assert team.checkout.rows("select version from model_versions") == [(1,)]
    tag = team.checkout.rows("select value from model_version_tags where key = 'flow_run_id'")
    assert tag == [(story.run,)]


def test_the_run_whose_process_was_killed_was_taken_up_again_by_its_worker(story: Story) -> None:
    (run,) = [one for one in story.team.api.begun("retrain") if one["id"] == story.run]
    assert (run["run_count"], run["state_type"]) == (2, "COMPLETED")
    assert f"flow run {story.run}" in story.team.workers["cpu"].said
    assert "the process of this run is gone; a worker takes it up again" in story.team.workers["cpu"].said


def test_search_and_fit_ran_on_the_gpu_pool_once_each_and_the_killed_one_was_taken_up_again(story: Story) -> None:
    runs = {run["name"]: run for run in story.team.api.runs("stage")}
    assert sorted(run["name"] for run in story.team.api.runs("stage")) == ["fit@toy", "search@toy"]
    assert {run["work_pool_name"] for run in runs.values()} == {"gpu"}
    assert {run["state_type"] for run in runs.values()} == {"COMPLETED"}
    assert runs["search@toy"]["run_count"] == 2


def test_no_run_is_left_unfinished(story: Story) -> None:
    team = story.team
    runs = [run for flow in ("retrain", "stage", "monitor") for run in team.api.runs(flow)]
    assert not UNFINISHED & {run["state_type"] for run in runs}
    assert not UNFINISHED & {state for run in runs for state in team.api.tasks(run["id"]).values()}
    assert team.checkout.rows("select name from runs where status = 'RUNNING'") == []


def test_every_epoch_was_trained_once(story: Story) -> None:
    trained = Counter((story.team.checkout.root.parent / "epochs").read_text(encoding="utf-8").splitlines())
    expected = {f"{stage} {epoch}": 1 for stage in ("search", "fit") for epoch in range(3)}
    assert trained == expected


def test_what_stages_say_stands_in_the_logs_with_a_link_to_mlflow(story: Story) -> None:
    team = story.team
    search, fit = (run["id"] for run in sorted(team.api.runs("stage"), key=lambda run: run["name"], reverse=True))
    assert "Running stage 'fit@toy'" in team.api.logs(fit)
    assert "epoch" in team.api.logs(fit)
    assert "taken up again" not in team.api.logs(fit)
    assert search != fit
    words = team.api.logs(story.run)
    assert "test auc of model" in words
    assert "rows.csv" in words
    artifacts = team.api.artifacts(story.run)
    (mlflow_run,) = team.checkout.rows("select run_uuid, experiment_id from runs where name = 'toy v1'")
    assert f"/#/experiments/{mlflow_run[1]}/runs/{mlflow_run[0]}" in artifacts["mlflow-toy"]
    assert "toy version 1: promoted to champion" in artifacts["retrain-toy"]


def test_the_steps_of_the_run_are_its_tasks(story: Story) -> None:
    tasks = story.team.api.tasks(story.run)
    stages = [f"{stage}@toy" for stage in ("fetch", "prepare", "search", "fit", "evaluate", "compress", "release")]
    others = ["look for news of toy", "code", "what became of toy", "record the lock of toy"]
    began = {name: state for name, state in tasks.items() if not name.startswith("run_stage-")}
    assert began == dict.fromkeys([*stages, *others], "COMPLETED")
    # Stages that the killed attempt had not come to; its next one has tasks of its own.
    assert {state for name, state in tasks.items() if name not in began} <= {"CRASHED"}


def test_the_lock_is_on_a_branch_of_its_own(story: Story) -> None:
    checkout = story.team.checkout
    assert checkout.git("show", "runs/toy:dvc.lock") == (checkout.root / "dvc.lock").read_text(encoding="utf-8")
    assert checkout.git("branch", "--show-current").strip() != "runs/toy"
    assert checkout.git("status", "--porcelain").split() == ["??", "dvc.lock"]
    assert checkout.git("rev-list", "--count", "HEAD..runs/toy").strip() == "1"


def test_the_results_are_those_of_an_undisturbed_run(story: Story, tmp_path: Path) -> None:
    found = story.team.checkout.outs()
    undisturbed = copy_of(story.team.checkout, tmp_path / "checkout")
    for stage in ("search", "fit"):
        ended = undisturbed.repro("-f", "-s", f"{stage}@toy")
        assert ended.code == 0, ended.said
    again = undisturbed.outs()
    assert {path: again[path] for path in ("models/toy/best.json", "models/toy/fitted")} == {
        path: found[path] for path in ("models/toy/best.json", "models/toy/fitted")
    }


def test_without_a_worker_the_stages_run_where_the_flow_runs_and_no_answer_is_a_no(story: Story) -> None:
    """From here on no worker of the pool `gpu` is left."""
    team, checkout = story.team, story.team.checkout
    team.kill_worker("gpu")
    params = checkout.params()
    put(params["operate"], "retrain.heartbeat_age_s", 20)
    put(params["operate"], "retrain.start_deadline_s", 5)
    put(params["operate"], "retrain.approval", {"needed": True, "within_minutes": 0.05})
    put(params["cases"]["toy"], "fit.max_epochs", 2)  # the search and all after it are out of date
    checkout.write_params(params)
    checkout.commit()
    before = checkout.rows("select key from registered_model_tags")
    ended = checkout.run("python", "-m", "pipelines.retrain", "toy", **team.variables)
    assert ended.code == 0, ended.said
    assert re.search("no live worker in the pool gpu|no worker of the pool gpu began run .* in time", ended.said)
    assert not UNFINISHED & {run["state_type"] for run in team.api.runs("stage")}
    run = team.api.begun("retrain")[-1]
    assert (run["state_type"], run["state_name"]) == ("COMPLETED", "Rejected")
    assert "the champion stays. Nobody approved it within 0.05 minutes." in run["state"]["message"]
    assert "release@toy" not in team.api.tasks(run["id"])
    assert checkout.rows("select key from registered_model_tags") == before
    assert "release@toy" in checkout.stale()


def test_an_approved_run_goes_on_to_the_gate(story: Story) -> None:
    team, checkout = story.team, story.team.checkout
    params = checkout.params()
    params["operate"]["retrain"]["approval"]["within_minutes"] = 15
    checkout.write_params(params)
    checkout.commit()
    started = checkout.start("python", "-m", "pipelines.retrain", "toy", **team.variables)
    wait_for(lambda: team.api.runs("retrain", "PAUSED"), "the question", started)
    (paused,) = team.api.runs("retrain", "PAUSED")
    path = f"{team.api.url}/flow_runs/{paused['id']}/resume"
    refused = requests.post(path, json={"run_input": {"approve": "perhaps"}}, timeout=120)
    assert refused.json()["status"] == "REJECT", refused.text
    answer = requests.post(path, json={"run_input": {"approve": True, "note": "Looks right."}}, timeout=120)
    assert answer.json()["status"] == "ACCEPT", answer.text
    ended = started.wait()
    assert ended.code == 0, ended.said
    assert "approved. Looks right." in ended.said
    assert team.api.tasks(paused["id"])["release@toy"] == "COMPLETED"
    assert "release@toy" not in checkout.stale()


def test_a_run_that_lost_its_process_too_often_is_ended(story: Story) -> None:
    team = story.team
    client = SyncPrefectClient(team.api.url)
    with client:
        asked = {"stage": "fit", "case": "toy", "flow_run_id": story.run}
        deployment = UUID(team.api.deployments()["stage/gpu"]["id"])
        run = client.create_flow_run_from_deployment(deployment, parameters=asked, state=Running())
        for _ in range(ATTEMPTS - 1):
            take_up(client, client.read_flow_run(run.id))
            found = client.read_flow_run(run.id)
            assert found.state is not None
            assert (found.state.type.name, found.state.name) == ("SCHEDULED", "AwaitingRetry")
            client.set_flow_run_state(run.id, Running(), force=True)
        take_up(client, client.read_flow_run(run.id))
        ended = client.read_flow_run(run.id).state
    assert ended is not None
    assert ended.is_crashed()


def test_where_cpu_is_not_allowed_a_worker_without_a_gpu_waits_and_says_so(story: Story) -> None:
    team, checkout = story.team, story.team.checkout
    params = checkout.params()
    params["operate"]["pools"]["gpu"]["on_cpu"] = False
    checkout.write_params(params)
    team.work("gpu", CUDA_VISIBLE_DEVICES="")
    waiting = team.workers["gpu"]
    wait_for(lambda: "no GPU on this machine and operate.pools.gpu.on_cpu is false" in waiting.said, "word", waiting)
    assert "started!" not in waiting.said
    team.kill_worker("gpu")
    team.work("gpu", CUDA_VISIBLE_DEVICES="0")
    wait_for(lambda: "started!" in team.workers["gpu"].said, "a worker with a device", team.workers["gpu"])
