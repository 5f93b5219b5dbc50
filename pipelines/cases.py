"""A case's contract by the name of its code, and its job with the values that a search found."""

import importlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from components.blocks import read_block
from components.contracts import Case, Job, read_variants
from components.params import override


def load_case(job: Job) -> Case:
    """The contract, after checking the parameters that the case itself defines.

    Raises:
        CasebookError: a key of `model`, `evaluate` or a variant is unknown, missing or of the wrong type, or the
            case has no such variant.
    """
    case: Case = importlib.import_module(f"components.cases.{job.params.code.case}.case").CASE
    read_block(case.model_params, job.params.model, f"params.cases.{job.case}.model")
    read_block(case.evaluate_params, job.params.evaluate, f"params.cases.{job.case}.evaluate")
    read_variants(job, case.variants)
    return case


def with_values(job: Job, values: Mapping[str, Any]) -> Job:
    """The job with dotted parameters such as `fit.lr` set."""
    return replace(job, params=override(job.params, dict(values)))
