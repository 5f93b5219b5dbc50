"""Bring the source's files to `data/raw/<case>`."""

from components.core.job import Job
from components.sources.fetch import fetch
from pipelines.environment import home


def run(job: Job) -> None:
    paths = job.paths
    fetch(job.params.source, paths.raw(job.case), root=paths.root, cache=home(paths.root) / "state" / "fetch")
