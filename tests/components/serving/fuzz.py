"""schemathesis over a server: whatever its OpenAPI admits, and what it does not, ends as it says."""

from collections.abc import Callable
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS: list[Callable[..., Any]] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


def fuzz(address: str, examples: int, of: str = "") -> set[tuple[str, str, int]]:
    """Ask so many times with what fits, and as often with what does not, all paths or those of a case alone; the
    operations asked and their statuses.
    """
    schema = schemathesis.openapi.from_url(f"{address}/openapi.json").include(path_regex=of)
    found: set[tuple[str, str, int]] = set()
    for mode in GenerationMode:

        @settings(
            max_examples=examples,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=schema.as_strategy(generation_mode=mode))
        def ask(case: schemathesis.Case) -> None:
            answered = case.call()
            found.add((case.method, case.path, answered.status_code))
            case.validate_response(answered, checks=CHECKS)

        ask()
    return found
