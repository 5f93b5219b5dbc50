"""The workers of a search as tasks of a Prefect flow on a Dask cluster.

A task is a worker: each `dask worker` of the cluster runs in a checkout of the same commit with the same
prepared data, and has `CASEBOOK_DATABASE_URL` in its own environment: no secret is sent to it. The scheduler
imports this module, too, and therefore no more than Prefect.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect_dask import DaskTaskRunner

if TYPE_CHECKING:
    from components.contracts import Job

Watch = Callable[[Callable[[], bool]], None]


@task(name="search-worker", task_run_name="search-worker {number}", cache_policy=NO_CACHE)
def search_worker(case: str, number: int) -> None:  # noqa: ARG001 - shown in its name
    """Work at the case's search until it is complete."""
    from components.contracts import Paths
    from components.params import load_params
    from components.recipe import make_job
    from pipelines.workers import join

    params = load_params(Path("params.yaml"))
    join(make_job(case, params.case(case), Paths(Path.cwd())))


@flow(name="search", flow_run_name="search {case}")
def search(case: str, workers: int) -> None:
    """So many workers on the cluster of the flow's task runner, watched until the study is complete."""
    run_workers(case, workers)


def search_on_cluster(job: "Job", watch: Watch) -> None:
    """Run the params' workers on the cluster while `watch`, which is told whether any is at work, looks on."""
    params = job.params.search
    assert params.dask is not None
    runner: Any = DaskTaskRunner(address=params.dask)  # its futures are of a kind that Prefect's own types leave out
    _watching.append(watch)
    try:
        search.with_options(task_runner=runner)(job.case, params.workers)
    finally:
        _watching.pop()


# The flow itself is sent to the cluster with its tasks, and all that it refers to by value: not the study's connection.
_watching: list[Watch] = []


def run_workers(case: str, workers: int) -> None:
    futures: list[Any] = [search_worker.submit(case, number) for number in range(workers)]
    try:
        _watching[-1](lambda: not all(future.wrapped_future.done() for future in futures))
    finally:
        # What a worker ended with says more than that none is left.
        for future in futures:
            if future.wrapped_future.done():
                future.result()
    for future in futures:
        future.result()
