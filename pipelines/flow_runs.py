"""Which flow runs of this checkout still have their process; those that do not are ended in Prefect.

Prefect's own server never asks: a run whose process got SIGKILL would stay Running for ever.
"""

import logging
import re
import time
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

from filelock import FileLock
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterId,
    TaskRunFilter,
    TaskRunFilterId,
    TaskRunFilterState,
)
from prefect.client.schemas.filters import TaskRunFilterStateType as StateTypes
from prefect.exceptions import ObjectNotFound
from prefect.states import Crashed, StateType

from components.core.locks import file_lock, is_held
from pipelines.operating.dispatch import through_outages

log = logging.getLogger(__name__)

UUID_NAME = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
GONE = "the process of this run is gone"
RECORD_SECONDS = 30.0  # a server on a busy machine may need some
AT_ONCE = 100  # task runs; Prefect answers with 200 at most


# Held until this process ends: Prefect sets a run's last state after the run's own code is through.
_locks: list[FileLock] = []


def hold(folder: Path, run: UUID | str) -> None:
    """Take the lock of a flow run; the operating system frees it when this process dies, however it dies."""
    lock = file_lock(folder / str(run), thread_local=False)
    lock.acquire()
    _locks.append(lock)


def gone(folder: Path) -> list[UUID]:
    """The flow runs that began in `folder` and whose process is gone, ended or not."""
    return [
        UUID(path.name) for path in sorted(folder.glob("*")) if UUID_NAME.fullmatch(path.name) and not is_held(path)
    ]


def end_orphans(folder: Path) -> list[UUID]:
    """End in Prefect as Crashed what `gone` names, with their tasks; return their ids.

    A run of a work pool is its worker's to take up again (`casebook worker`), and is left alone.
    """
    orphans = gone(folder)
    if orphans:
        with get_client(sync_client=True) as client:
            for run in orphans:
                _end(client, run)
    for run in orphans:
        (folder / str(run)).unlink(missing_ok=True)
    return orphans


def _end(client: SyncPrefectClient, run: UUID) -> None:
    try:
        found = client.read_flow_run(run)
    except ObjectNotFound:  # another server's, or somebody deleted it
        return
    if found.work_pool_name is not None or (found.state is not None and found.state.is_final()):
        return
    end(client, run)


def end(client: SyncPrefectClient, run: UUID) -> None:
    """Crash a run and those of its tasks that have not ended."""
    end_tasks(client, run)
    client.set_flow_run_state(run, Crashed(message=GONE), force=True)
    log.warning("flow run %s was left running by a process that is gone; ended as Crashed", run)


def end_tasks(client: SyncPrefectClient, run: UUID) -> None:
    """Crash the tasks of a run that have not ended: its next attempt has tasks of its own."""
    unfinished = [StateType.PENDING, StateType.RUNNING]
    for task in client.read_task_runs(
        flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[run])),
        task_run_filter=TaskRunFilter(state=TaskRunFilterState(type=StateTypes(any_=unfinished))),
    ):
        client.set_task_run_state(task.id, Crashed(message=GONE), force=True)


def await_recorded(ended: Mapping[UUID, StateType]) -> None:
    """Wait until the server has the states in which these task runs ended, if that is soon.

    It writes them a second late, and the embedded one, which ends with its flow, would leave the last ones Running.
    """
    left, deadline = dict(ended), time.monotonic() + RECORD_SECONDS
    while left and time.monotonic() < deadline:
        some = list(left)[:AT_ONCE]
        found = through_outages(lambda some=some: _states(some))  # type: ignore[misc]
        recorded = [run for run in some if found.get(run) == left[run]]
        for run in recorded:
            del left[run]
        if not recorded:
            time.sleep(0.2)


def _states(runs: list[UUID]) -> dict[UUID, StateType | None]:
    with get_client(sync_client=True) as client:
        found = client.read_task_runs(task_run_filter=TaskRunFilter(id=TaskRunFilterId(any_=runs)))
    return {run.id: run.state_type for run in found}
