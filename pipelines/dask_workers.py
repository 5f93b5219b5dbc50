"""The workers of a search as tasks of a Prefect flow on a Dask cluster.

A task is a worker: each `dask worker` of the cluster runs in a checkout of the same commit with the same
prepared data, and has `CASEBOOK_DATABASE_URL` in its own environment: no secret is sent to it. The scheduler
imports this module, too, and therefore no more than Prefect.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect_dask import DaskTaskRunner

if TYPE_CHECKING:
    from components.core.job import Job


@task(name="search-worker", task_run_name="search-worker {number}", cache_policy=NO_CACHE)
def search_worker(case: str, number: int) -> None:  # noqa: ARG001 - shown in its name
    """Work at the case's search until it is complete."""
    from components.core.job import Paths
    from components.core.params.load import load_params
    from components.core.recipe import make_job
    from pipelines.workers import join

    params = load_params(Path("params.yaml"))
    join(make_job(case, params.case(case), Paths(Path.cwd())))


@flow(name="search", flow_run_name="search {case}")
def search(case: str, workers: int) -> Iterator[list[Any]]:
    """So many workers on the cluster of the flow's task runner; yields their futures, then waits for them to end."""
    futures: list[Any] = [search_worker.submit(case, number) for number in range(workers)]
    yield futures
    for future in futures:
        future.result()


@contextmanager
def cluster_workers(job: "Job") -> Iterator[Callable[[], bool]]:
    """Have the params' workers at work on the cluster; yields what says whether any still is.

    The caller looks on from inside the flow, not as a part of it: the flow is sent to the cluster with its tasks and
    all that it refers to, and the study's connection must not be.
    """
    params = job.params.search
    assert params.dask is not None
    runner: Any = DaskTaskRunner(address=params.dask)  # its futures are of a kind that Prefect's own types leave out
    with contextmanager(search.with_options(task_runner=runner))(job.case, params.workers) as futures:
        try:
            yield lambda: not all(future.wrapped_future.done() for future in futures)
        finally:
            # What a worker ended with says more than that none is left.
            for future in futures:
                if future.wrapped_future.done():
                    future.result()
