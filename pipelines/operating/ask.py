"""Asking the Prefect server for a retrain now."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.responses import DeploymentResponse
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound

from components.core.params.operate import OperateParams
from components.core.passwords import without_login
from components.monitoring.once import NotStartedError
from pipelines.operating.dispatch import heard_of

ADDRESS = "PREFECT_API_URL"


def ask_now(case: str, operate: OperateParams) -> tuple[FlowRun, str]:
    """Start the retrain that is deployed for the case; the flow run, and its page.

    Raises:
        NotStartedError: no server is known or answers, it has no such deployment, or nobody would run it.
    """
    address = os.environ.get(ADDRESS)
    if not address:
        raise NotStartedError(
            f"no Prefect server is up: `make up` starts one here, `make deploy` gives it the retrain, and {ADDRESS} "
            f"names another machine's; without one: python -m pipelines.retrain {case}"
        )
    with _server() as client:
        found = _deployment(client, case)
        pool = found.work_pool_name
        if pool is not None and not heard_of(client.read_workers_for_work_pool(pool), operate.retrain.heartbeat_age_s):
            raise NotStartedError(
                f"{without_login(address)}: nobody would run {_name(case)}: no worker of the pool {pool} was heard of "
                f"in the last {operate.retrain.heartbeat_age_s:g} seconds; `casebook worker {pool}` starts one"
            )
    run = ask_for_retrain(case)
    return run, f"{without_login(address).removesuffix('/').removesuffix('/api')}/runs/flow-run/{run.id}"


def ask_for_retrain(case: str, *, key: str | None = None) -> FlowRun:
    """A flow run of the deployment `retrain/CASE`; for one key it is always the same.

    Raises:
        NotStartedError: the server does not answer, or has no such deployment.
    """
    with _server() as client:
        found = _deployment(client, case)
        named: dict[str, Any] = {"timeout": 0, "idempotency_key": key, "as_subflow": False}
        return cast("FlowRun", run_deployment(found.id, **named))


@contextmanager
def _server() -> Iterator[SyncPrefectClient]:
    address = without_login(os.environ[ADDRESS])
    try:
        with get_client(sync_client=True) as client:
            yield client
    except httpx.HTTPStatusError as error:
        status = error.response.status_code
        hint = "; CASEBOOK_TOKEN is the server's" if status == httpx.codes.UNAUTHORIZED else ""
        raise NotStartedError(f"the Prefect server at {address} answered {status}{hint}") from None
    except (httpx.HTTPError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "Failed to reach API" not in str(error):
            raise
        raise NotStartedError(
            f"the Prefect server at {address} does not answer: start it, or correct {ADDRESS}"
        ) from None


def _deployment(client: SyncPrefectClient, case: str) -> DeploymentResponse:
    try:
        return client.read_deployment_by_name(_name(case))
    except ObjectNotFound:
        address = without_login(os.environ[ADDRESS])
        raise NotStartedError(f"{address}: no deployment {_name(case)}; `make deploy` makes it") from None


def _name(case: str) -> str:
    return f"retrain/{case}"
