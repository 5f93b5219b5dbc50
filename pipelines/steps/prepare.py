"""Check, set aside, split and encode: `data/prepared/<case>`."""

from components.contracts import Job
from components.recipe import recipe_of


def run(job: Job) -> None:
    recipe_of(job).preparation.prepare(job)
