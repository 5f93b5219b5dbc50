"""`prefect.yaml` from `params.yaml`, and what it asks for put into a Prefect server, as often as one likes."""

import logging
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification
from prefect.states import StateType
from prefect.workers.process import ProcessWorker

from components.core.errors import CasebookError
from components.core.files import write_text
from components.core.params.case import Params
from components.core.params.operate import OperateParams

log = logging.getLogger(__name__)

FILE, TAG = "prefect.yaml", "casebook"
HEAD = "# Written by `make deploy` from params.yaml: change the block `operate` there.\n"
HERE = "{{ $CASEBOOK_ROOT }}"  # filled in when it is deployed: deploy again after moving the checkout
FLOWS = {"retrain": "pipelines/retrain.py:retrain", "monitor": "pipelines/monitor.py:monitor"}
AUTOMATION = "casebook: runs without a heartbeat"
SILENT = timedelta(minutes=10)
HEARD = ("heartbeat", "Completed", "Failed", "Cancelled", "Crashed")


def prefect_yaml(params: Params, operate: OperateParams) -> str:
    """The text of `prefect.yaml`: for every case the flows of `FLOWS`, and the stages that the pool `gpu` runs."""
    deployments = [_of_case(name, case, operate) for case in sorted(params.cases) for name in FLOWS]
    stage = _deployment("gpu", "pipelines/develop.py:stage_on_pool", "gpu", {}, None, None)
    content = {
        "name": "casebook",
        "pull": [{"prefect.deployments.steps.set_working_directory": {"directory": HERE}}],
        "deployments": [*deployments, stage],
    }
    return HEAD + str(yaml.safe_dump(content, sort_keys=False, width=120))


def _of_case(flow: str, case: str, operate: OperateParams) -> dict[str, Any]:
    own = operate.of(case)
    cron, timezone = {
        "retrain": (own.retrain.cron, own.retrain.timezone),
        "monitor": (own.monitor.cron, own.monitor.timezone),
    }[flow]
    return _deployment(case, FLOWS[flow], "cpu", {"case": case}, cron, timezone)


def _deployment(
    name: str, entrypoint: str, pool: str, parameters: dict[str, str], cron: str | None, timezone: str | None
) -> dict[str, Any]:
    # Without a slug a second deploy would not know the schedule again.
    schedules = [{"cron": cron, "timezone": timezone, "slug": "params", "active": True}] if cron else []
    return {
        "name": name,
        "entrypoint": entrypoint,
        "tags": [TAG],
        "parameters": parameters,
        "work_pool": {"name": pool, "job_variables": {"env": {"PYTHONPATH": HERE}}},
        "schedules": schedules,
    }


def deploy(root: Path, params: Params, operate: OperateParams) -> list[str]:
    """Write `prefect.yaml`, and bring pools, deployments and schedules of the server into line with it.

    Returns the names of the deployments. What this checkout had deployed before and params no longer name is removed.

    Raises:
        CasebookError: no server is named or it does not answer, or a schedule is none.
    """
    if "PREFECT_API_URL" not in os.environ:
        raise CasebookError("PREFECT_API_URL is not set: `make up` starts a server and says its address")
    text = prefect_yaml(params, operate)
    if not (root / FILE).exists() or (root / FILE).read_text(encoding="utf-8") != text:
        write_text(root / FILE, text)
        log.info("%s written", FILE)
    try:
        with get_client(sync_client=True) as client:
            _make_pools(client, operate)
            _apply(root)
            _end_silent_runs(client)
            return _prune(client, root, yaml.safe_load(text)["deployments"])
    except RuntimeError as error:
        if "Failed to reach API" not in str(error):
            raise
        raise CasebookError(f"{error}; start the server, or correct PREFECT_API_URL") from error


def _make_pools(client: SyncPrefectClient, operate: OperateParams) -> None:
    template = ProcessWorker.get_default_base_job_template()
    limits = {"cpu": operate.pools.cpu.concurrency, "gpu": operate.pools.gpu.concurrency}
    for name, limit in limits.items():
        pool = WorkPoolCreate(name=name, type="process", base_job_template=template, concurrency_limit=limit)
        client.create_work_pool(pool, overwrite=True)


def _apply(root: Path) -> None:
    command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all", "--prefect-file", FILE]
    environment = {**os.environ, "CASEBOOK_ROOT": str(root), "PYTHONPATH": str(root)}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CasebookError(f"prefect deploy: {(done.stdout + done.stderr).strip()}")


def _prune(client: SyncPrefectClient, root: Path, wanted: list[dict[str, Any]]) -> list[str]:
    """Remove deployments of this checkout that are no longer wanted; return the names of the others."""
    names = {(one["entrypoint"], one["name"]) for one in wanted}
    kept = []
    for found in client.read_deployments(deployment_filter=DeploymentFilter(tags=DeploymentFilterTags(all_=[TAG]))):
        if not any(str(root) in str(step) for step in found.pull_steps or []):
            continue
        flow = client.request("GET", "/flows/{id}", path_params={"id": found.flow_id}).json()["name"]
        if (found.entrypoint, found.name) in names:
            kept.append(f"{flow}/{found.name}")
        else:
            client.delete_deployment(found.id)
            log.info("%s/%s removed: params.yaml names it no more", flow, found.name)
    return sorted(kept)


def _end_silent_runs(client: SyncPrefectClient) -> None:
    """End as Crashed what was not heard of for `SILENT`: its machine is gone, whose worker would know."""
    event = "prefect.flow-run."
    wanted = AutomationCore(
        name=AUTOMATION,
        trigger=EventTrigger(
            match=ResourceSpecification({"prefect.resource.id": [f"{event}*"]}),
            after={f"{event}heartbeat"},
            expect={event + name for name in HEARD},
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=SILENT,
        ),
        actions=[ChangeFlowRunState(name="Crashed", state=StateType.CRASHED, message="no heartbeat", force=False)],
    )
    if not client.read_automations_by_name(AUTOMATION):
        client.create_automation(wanted)
