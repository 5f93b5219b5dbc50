"""A worker of a pool that takes up again what a killed one left behind.

Prefect's own worker knows the processes that it has started and no others, and ends a run whose process was
killed as Crashed. Beside it a thread looks for runs that a worker of this name had begun and that no process of this
machine is at any more, and schedules each anew: the same run, whose finished stages DVC does not repeat.
"""

import logging
import os
import re
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import httpx
import psutil
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterEndTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.states import AwaitingRetry, Cancelled

from components.core.errors import CasebookError, nearest_of
from components.core.params.operate import OperateParams
from components.core.passwords import without_login
from pipelines import flow_runs
from pipelines.operating import dispatch
from pipelines.operating.events import retrain_failed
from pipelines.operating.notify import notify
from pipelines.servers.private import close_stores
from pipelines.servers.serve import prefect_worker
from pipelines.servers.settings import read_settings

log = logging.getLogger(__name__)

# Prefect's workers give it to the processes that they start, and these to the stages, which may outlive a killed flow.
RUN = "PREFECT__FLOW_RUN_ID"
LOOK_SECONDS = 10.0
GONE_SECONDS = 30.0  # from taking a run to starting its process a busy machine may need some
ATTEMPTS = 3  # a run that kills its own process, by its memory say, must not do so for ever
SETTINGS = {
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",  # seconds; also how soon a run that was silent is noticed
    "PREFECT_WORKER_QUERY_SECONDS": "5",
}
SHELL = 128  # a shell's exit code of a process that a signal ended is this and the signal's number
RECENT = timedelta(days=1)  # since a run crashed: what is older nobody waits for
EXIT = re.compile(r"exited with (?:non-zero )?status code:? (-?\d+)")  # in the state that Prefect's worker gives a run
DEVICES = "from components.training.devices import visible_devices; print(*visible_devices(), sep='\\n')"
SAY_AGAIN_SECONDS = 600.0


def work(pool: str, root: Path, operate: OperateParams, name: str | None = None) -> None:
    """Be a worker of `pool` until told to end.

    Raises:
        CasebookError: there is no such pool in params, or the server does not answer.
    """
    pools = sorted(type(operate.pools).model_fields)
    if pool not in pools:
        raise CasebookError(f"params.yaml: operate.pools: no pool {pool!r}{nearest_of(pool, pools)}")
    close_stores(root)
    os.environ.update(prefect_worker(read_settings(), root))
    if pool == "gpu" and not operate.pools.gpu.on_cpu:
        wait_for_gpu(root)
    name = name or f"{socket.gethostname()} {pool}"
    if operate.notify is not None and not os.environ.get(operate.notify.variable):
        log.warning("operate.notify: %s is not set here: nobody would be told", operate.notify.variable)
    threading.Thread(target=_look_after, args=(pool, name, root if operate.notify else None), daemon=True).start()
    for key, value in SETTINGS.items():
        os.environ.setdefault(key, value)
    # `prefect worker start`, in this process: settings are read when it begins.
    sys.argv = ["prefect", "worker", "start", "--pool", pool, "--type", "process", "--name", name]
    from prefect.cli import app

    app()


def wait_for_gpu(root: Path) -> None:
    """Return as soon as this machine shows a GPU; until then another machine's worker may take the runs."""
    said = None
    while not devices(root):
        if said is None or time.monotonic() - said > SAY_AGAIN_SECONDS:
            log.warning(
                "no GPU on this machine and operate.pools.gpu.on_cpu is false: this worker waits for one; "
                "with true it would train on CPU"
            )
            said = time.monotonic()
        time.sleep(LOOK_SECONDS)


def devices(root: Path) -> list[str]:
    """The GPUs of this machine, asked in a process of its own: torch would stay in this one."""
    done = subprocess.run([sys.executable, "-c", DEVICES], cwd=root, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CasebookError(f"torch cannot tell which GPUs there are: {done.stderr.strip().splitlines()[-1:]}")
    return done.stdout.split()


def _look_after(pool: str, worker: str, root: Path | None) -> None:
    """`root` is None where nobody is told of retrains that are lost."""
    missing: dict[UUID, float] = {}
    while True:
        try:
            with get_client(sync_client=True) as client:
                missing = look_once(client, pool, worker, missing)
                if root is not None:
                    tell_lost(client, pool, worker, root)
        except (httpx.HTTPError, RuntimeError) as error:  # the server is away; the runs wait, too
            log.info("the Prefect server does not answer: %s", error)
        time.sleep(LOOK_SECONDS)


def look_once(client: SyncPrefectClient, pool: str, worker: str, missing: dict[UUID, float]) -> dict[UUID, float]:
    """Schedule anew what has been missing for long enough; return since when (monotonic) each of the others is."""
    at_work, now = _at_work(), time.monotonic()
    for killed in _killed(client, pool, worker):
        if killed.id not in at_work:  # a stage that has outlived its flow is waited for
            take_up(client, killed)
    lost = {run.id: run for run in _begun(client, pool, worker) if run.id not in at_work}
    since = {run: missing.get(run, now) for run in lost}
    for run, first in list(since.items()):
        if now - first >= GONE_SECONDS:
            take_up(client, lost[run])
            del since[run]
    return since


def take_up(client: SyncPrefectClient, run: FlowRun) -> None:
    """Schedule a run whose process is gone, or end it if somebody wanted that or it has happened too often."""
    if run.state is not None and run.state.is_cancelling():
        client.set_flow_run_state(run.id, Cancelled(message=flow_runs.GONE), force=True)
        return
    if run.run_count >= ATTEMPTS:
        flow_runs.end(client, run.id)
        return
    flow_runs.end_tasks(client, run.id)
    message = "the process of this run is gone; a worker takes it up again"
    client.set_flow_run_state(run.id, AwaitingRetry(scheduled_time=datetime.now(UTC), message=message), force=True)
    log.warning("flow run %s (%s): %s", run.id, run.name, message)


def _begun(client: SyncPrefectClient, pool: str, worker: str) -> list[FlowRun]:
    """Runs of the pool that a worker of this name has taken and that have not ended."""
    unfinished = [StateType.PENDING, StateType.RUNNING, StateType.PAUSED, StateType.CANCELLING]
    states = FlowRunFilterStateType(any_=unfinished)
    found = client.read_flow_runs(
        flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=states)),
        work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[pool])),
    )
    return [run for run in found if run.labels.get("prefect.worker.name") == worker]


def _killed(client: SyncPrefectClient, pool: str, worker: str) -> list[FlowRun]:
    """Runs whose process a signal has ended while their worker lived, and that may be tried again.

    A stage on the pool for stages is its flow's to dispatch anew.
    """
    if pool == dispatch.POOL:
        return []
    return [run for run in _crashed(client, pool, worker) if _may_be_tried_again(run)]


def tell_lost(client: SyncPrefectClient, pool: str, worker: str, root: Path) -> None:
    """Tell of retrains that crashed and are not tried again: one that ends by itself does so."""
    for run in _crashed(client, pool, worker, FlowFilter(name=FlowFilterName(any_=["retrain"]))):
        if not _may_be_tried_again(run):
            reason = run.state.message if run.state is not None else None
            told = retrain_failed(run.parameters["case"], str(run.id), without_login(reason or flow_runs.GONE))
            notify(Path(run.parameters.get("root", root)), told)


def _may_be_tried_again(run: FlowRun) -> bool:
    return run.run_count < ATTEMPTS and run.state is not None and by_signal(run.state.message or "")


def _crashed(client: SyncPrefectClient, pool: str, worker: str, flow: FlowFilter | None = None) -> list[FlowRun]:
    """Runs of the pool that a worker of this name had taken and that crashed lately."""
    crashed = FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.CRASHED]))
    recent = FlowRunFilterEndTime.model_validate({"after_": datetime.now(UTC) - RECENT})
    found = client.read_flow_runs(
        flow_filter=flow,
        flow_run_filter=FlowRunFilter(state=crashed, end_time=recent),
        work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[pool])),
    )
    return [run for run in found if run.labels.get("prefect.worker.name") == worker]


def by_signal(message: str) -> bool:
    """Whether a run crashed because a signal ended its process: a flow that cannot be loaded exits by itself."""
    found = EXIT.search(message)
    return found is not None and (int(found[1]) < 0 or int(found[1]) > SHELL)


def _at_work() -> set[UUID]:
    """The flow runs that a process of this machine is at."""
    found = set()
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE and (run := process.environ().get(RUN)):
                found.add(UUID(run))
        except (psutil.Error, OSError):  # another user's, or it has just ended
            continue
    return found
