"""Which flow runs of this checkout still have their process; those that do not are ended in Prefect.

Prefect's own server never asks: a run whose process got SIGKILL would stay Running for ever.
"""

import logging
from pathlib import Path
from uuid import UUID

from filelock import FileLock
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId, TaskRunFilter, TaskRunFilterState
from prefect.client.schemas.filters import TaskRunFilterStateType as StateTypes
from prefect.exceptions import ObjectNotFound
from prefect.states import Crashed, StateType

from components.core.locks import file_lock, is_held

log = logging.getLogger(__name__)

GONE = "the process of this run is gone"


# Held until this process ends: Prefect sets a run's last state after the run's own code is through.
_locks: list[FileLock] = []


def hold(folder: Path, run: UUID | str) -> None:
    """Take the lock of a flow run; the operating system frees it when this process dies, however it dies."""
    lock = file_lock(folder / str(run), thread_local=False)
    lock.acquire()
    _locks.append(lock)


def gone(folder: Path) -> list[UUID]:
    """The flow runs that began in `folder` and whose process is gone, ended or not."""
    return [UUID(path.name) for path in sorted(folder.glob("*")) if not is_held(path)]


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
    unfinished = [StateType.PENDING, StateType.RUNNING]
    for task in client.read_task_runs(
        flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[run])),
        task_run_filter=TaskRunFilter(state=TaskRunFilterState(type=StateTypes(any_=unfinished))),
    ):
        client.set_task_run_state(task.id, Crashed(message=GONE), force=True)
    client.set_flow_run_state(run, Crashed(message=GONE), force=True)
    log.warning("flow run %s was left running by a process that is gone; ended as Crashed", run)
