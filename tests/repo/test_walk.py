"""The walk of the README on real servers: `casebook up`, `casebook deploy`, cron fires, the gpu pool trains, the gate
promotes, and both tools' pages show it, each in a picture.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.browser import See, needs_browser
from tests.pipelines.servers import Servers, up
from tests.pipelines.team import Api, wait_for
from tests.pipelines.test_operating import small_checkout

pytestmark = [*needs_browser, pytest.mark.cluster]


@dataclass(frozen=True)
class Walk:
    servers: Servers
    api: Api
    run: str


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    checkout = small_checkout(tmp_path_factory.mktemp("walk") / "checkout")
    with up(checkout, TMPDIR=str(checkout.root.parent)) as servers:
        ended = servers.casebook("deploy")
        assert ended.code == 0, ended.said
        checkout.commit()
        api = Api(f"{servers.prefect}/api")
        wait_for(lambda: api.begun("retrain"), "the schedule fires")
        run = api.begun("retrain")[0]["id"]
        api.pause("retrain/toy")
        wait_for(lambda: api.finished(run), "the end of the run")
        yield Walk(servers, api, run)


def test_the_scheduled_run_trained_on_the_gpu_pool_and_promoted(walk: Walk) -> None:
    (run,) = [one for one in walk.api.begun("retrain") if one["id"] == walk.run]
    said = walk.servers.log.read_text(encoding="utf-8")[-6000:]
    assert (run["auto_scheduled"], run["state_type"]) == (True, "COMPLETED"), said
    assert run["state"]["message"] == "toy version 1: promoted to champion"
    stages = {one["name"]: (one["work_pool_name"], one["state_type"]) for one in walk.api.runs("stage")}
    assert stages == {"search@toy": ("gpu", "COMPLETED"), "fit@toy": ("gpu", "COMPLETED")}


def test_prefect_shows_the_run_its_steps_and_its_artifacts(walk: Walk, page: Any, see: See) -> None:
    page.goto(f"{walk.servers.prefect}/runs/flow-run/{walk.run}")
    see("retrain toy", "Completed", "Beginning flow run", exact=False)
    page.get_by_text("Task Runs", exact=True).first.click()
    see("fit@toy", "release@toy", exact=False)
    page.get_by_text("Artifacts", exact=True).first.click()
    see("mlflow-toy", "retrain-toy", exact=False)


def test_prefect_shows_what_a_stage_on_the_gpu_pool_has_said(walk: Walk, page: Any, see: See) -> None:
    (fit,) = [one["id"] for one in walk.api.runs("stage") if one["name"] == "fit@toy"]
    page.goto(f"{walk.servers.prefect}/runs/flow-run/{fit}")
    see("fit@toy", "Completed", "> python -m pipelines.stages fit toy", exact=False)


def test_prefect_shows_the_deployments_and_the_pools(walk: Walk, page: Any, see: See) -> None:
    page.goto(f"{walk.servers.prefect}/deployments")
    see("retrain", "monitor", "gpu", "toy", exact=False)
    page.goto(f"{walk.servers.prefect}/work-pools")
    see("cpu", "gpu")


def test_the_link_of_the_run_leads_to_its_page_in_mlflow(walk: Walk, page: Any, see: See) -> None:
    markdown = walk.api.artifacts(walk.run)["mlflow-toy"]
    link = markdown[markdown.index("(") + 1 : markdown.rindex(")")]
    assert link.startswith(walk.servers.mlflow)
    page.goto(link)
    see("About this run", "Finished")
    page.goto(f"{walk.servers.mlflow}/#/models/toy")
    see("Version 1")
    see("champion", exact=False)
