"""Check, set aside, split and encode: `data/prepared/<case>`."""

import importlib

from components.contracts import Job


def run(job: Job) -> None:
    importlib.import_module(f"components.cases.{job.params.code.case}.prepare").prepare(job)
