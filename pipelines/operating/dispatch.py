"""Which pool a stage runs on: `search` and `fit` go to the pool `gpu` where one of its workers is alive.

A worker's status in Prefect lags behind its death by more than a minute, so its last heartbeat counts,
and a deadline for the begin. Where the pool cannot, the stage runs where its flow runs.
"""

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, TypeVar, cast
from uuid import UUID

import httpx
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import FlowRun, StateType, Worker
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound
from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from prefect.states import Cancelled

from components.core.params.operate import OperateParams, load_operate

STAGES = ("search", "fit")
POOL, DEPLOYMENT = "gpu", "stage/gpu"
DIRECTORY = "prefect.deployments.steps.set_working_directory"
POLL_SECONDS = 2.0
SAY_AGAIN_SECONDS = 60.0
ATTEMPTS = 3  # of a run that crashes: its machine or its worker went away, which says nothing of the stage

Answer = TypeVar("Answer")


class DispatchError(RuntimeError):
    """A stage failed on the pool; its own message stands in the log of the run there."""


def dispatch(stage: str, case: str, root: Path) -> bool:
    """Run the stage on the pool `gpu` and wait for its end; false where it is the caller's to run.

    Raises:
        DispatchError: the stage failed there, or crashed again and again.
    """
    operate = load_operate(root / "params.yaml").of(case)
    log = get_run_logger()
    if not _deployed_from(root):
        log.info("no deployment %s works in %s: %s@%s runs here", DEPLOYMENT, root, stage, case)
        return False
    for _ in range(ATTEMPTS):
        run = _run_on_pool(stage, case, root, operate)
        if run is None:
            return False
        if run.state is not None and run.state.is_completed():
            return True
        name = run.state.name if run.state is not None else "no state"
        log.warning("%s@%s: run %s of the pool %s ended as %s", stage, case, run.id, POOL, name)
        if run.state is None or not run.state.is_crashed():
            raise DispatchError(
                f"{stage}@{case} ended as {name} on the pool {POOL}; its message stands in run {run.id}"
            )
    raise DispatchError(f"{stage}@{case} crashed {ATTEMPTS} times on the pool {POOL}")


def _run_on_pool(stage: str, case: str, root: Path, operate: OperateParams) -> FlowRun | None:
    """One run on the pool, ended; None where none has begun in time and the stage may run here."""
    local = operate.pools.gpu.on_cpu or _gpu_here()
    if local and not live_worker(POOL, operate.retrain.heartbeat_age_s):
        get_run_logger().info("no live worker in the pool %s: %s@%s runs here", POOL, stage, case)
        return None
    # A flow that was itself begun again finds the run that it had asked for, if that is still to end. One that has
    # ended says nothing of the inputs as they are now; another costs a second where DVC has nothing to do.
    for number in count():
        run = through_outages(lambda number=number: _submitted(stage, case, root, number))  # type: ignore[misc]
        if run.state is None or not run.state.is_final():
            break
    get_run_logger().info("%s@%s is run %s of the pool %s", stage, case, run.id, POOL)
    return _awaited(run.id, operate, local=local)


def _submitted(stage: str, case: str, root: Path, number: int) -> FlowRun:
    asked = {"stage": stage, "case": case, "flow_run_id": str(flow_run.id), "root": str(root)}
    key = f"{flow_run.id} {stage}@{case} {number}"
    named: dict[str, Any] = {"flow_run_name": f"{stage}@{case}", "timeout": 0, "as_subflow": False}
    return cast("FlowRun", run_deployment(DEPLOYMENT, parameters=asked, idempotency_key=key, **named))


def _awaited(run: UUID, operate: OperateParams, *, local: bool) -> FlowRun | None:
    said = idle_since = time.monotonic()
    while True:
        found = through_outages(lambda: _read(run))
        state, now = found.state, time.monotonic()
        if state is not None and state.is_final():
            return found
        if state is None or not state.is_scheduled():  # Late is a kind of it
            idle_since = now
        else:
            alive = live_worker(POOL, operate.retrain.heartbeat_age_s)
            if alive and pool_is_busy(POOL, except_for=run):
                idle_since = now
            if local and (not alive or now - idle_since > operate.retrain.start_deadline_s):
                if _withdrawn(run):
                    get_run_logger().warning("no worker of the pool %s began run %s in time: it runs here", POOL, run)
                    return None
            elif now - said > SAY_AGAIN_SECONDS:
                said = now
                why = "all are busy" if alive else "none is alive, and without a GPU it cannot run here"
                get_run_logger().warning("run %s waits for a worker of the pool %s: %s", run, POOL, why)
        time.sleep(POLL_SECONDS)


def live_worker(pool: str, max_age: float) -> bool:
    """Whether a worker of the pool was heard of in the last `max_age` seconds."""

    def read() -> list[Worker]:
        with get_client(sync_client=True) as client:
            return client.read_workers_for_work_pool(pool)

    try:
        workers = through_outages(read)
    except ObjectNotFound:
        return False
    return heard_of(workers, max_age)


def heard_of(workers: Iterable[Worker], max_age: float) -> bool:
    now = datetime.now(UTC)
    beats = [worker.last_heartbeat_time for worker in workers if worker.last_heartbeat_time is not None]
    return any((now - beat).total_seconds() < max_age for beat in beats)


def pool_is_busy(pool: str, except_for: UUID) -> bool:
    """Whether a run of the pool is at work."""
    at_work = FlowRunFilterStateType(any_=[StateType.PENDING, StateType.RUNNING])

    def read() -> list[FlowRun]:
        with get_client(sync_client=True) as client:
            return client.read_flow_runs(
                flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=at_work)),
                work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[pool])),
            )

    return any(run.id != except_for for run in through_outages(read))


def through_outages(call: Callable[[], Answer]) -> Answer:
    """What `call` answers, as soon as the server is there again: the stage goes on while it is not."""
    said = None
    while True:
        try:
            return call()
        except httpx.TransportError as error:
            if said is None or time.monotonic() - said > SAY_AGAIN_SECONDS:
                get_run_logger().warning("the Prefect server does not answer (%s); waiting for it", error)
                said = time.monotonic()
        except RuntimeError as error:
            if "Failed to reach API" not in str(error):
                raise
        time.sleep(POLL_SECONDS)


def _deployed_from(root: Path) -> bool:
    """Whether the pool's deployment is there and works in this very checkout."""

    def read() -> Any:
        with get_client(sync_client=True) as client:
            return client.read_deployment_by_name(DEPLOYMENT)

    try:
        deployment = through_outages(read)
    except ObjectNotFound:
        return False
    steps = [step[DIRECTORY] for step in deployment.pull_steps or [] if DIRECTORY in step]
    return any(Path(step["directory"]).resolve() == root.resolve() for step in steps)


def _withdrawn(run: UUID) -> bool:
    """Cancel a run that has not begun; false if a worker has taken it after all."""

    def cancel() -> bool:
        with get_client(sync_client=True) as client:
            client.set_flow_run_state(run, Cancelled(message="no worker began it in time"))
            state = client.read_flow_run(run).state
        return state is not None and state.is_cancelled()

    state = through_outages(lambda: _read(run)).state
    return state is not None and state.is_scheduled() and through_outages(cancel)


def _read(run: UUID) -> FlowRun:
    with get_client(sync_client=True) as client:
        return client.read_flow_run(run)


def _gpu_here() -> bool:
    from components.training.devices import visible_devices  # it imports torch, which a flow has no other use for

    return bool(visible_devices())
