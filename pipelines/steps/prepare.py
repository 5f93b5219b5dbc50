"""Check, set aside, split and encode: `data/prepared/<case>`."""

from components.core.job import Job
from components.core.recipe import recipe_of


def run(job: Job) -> None:
    recipe_of(job).preparation.prepare(job)
