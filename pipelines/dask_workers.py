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
    from components.contracts import Job, Paths
    from components.params import load_params
    from pipelines.workers import join

    params = load_params(Path("params.yaml"))
    join(Job(case, params.case(case), Paths(Path.cwd())))


def search_on_cluster(job: "Job", watch: Watch) -> None:
    """Run the params' workers on the cluster while `watch`, which is told whether any is at work, looks on."""
    params = job.params.search
    assert params.dask is not None

    runner: Any = DaskTaskRunner(address=params.dask)  # its futures are of a kind that Prefect's own types leave out

    @flow(name="search", flow_run_name=f"search {job.case}", task_runner=runner)
    def search() -> None:
        futures: list[Any] = [search_worker.submit(job.case, number) for number in range(params.workers)]
        watch(lambda: not all(future.wrapped_future.done() for future in futures))
        for future in futures:
            future.result()

    search()
