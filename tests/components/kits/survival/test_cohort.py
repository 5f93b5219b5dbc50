from typing import Any

import pytest
from pydantic import ValidationError

from components.kits.survival.cohort import CohortParams
from tests.components.kits.survival.preparation.cohorts import block

TARGET = {"time": "days", "event": "dead", "per_year": 1.0}


def test_the_outcome_names_its_columns() -> None:
    spec = CohortParams.model_validate(
        block(target={"time": "recur * rtime + (1 - recur) * dtime", "event": "recur + death", "per_year": 365.25})
    )
    assert spec.target.columns == ("dtime", "rtime", "death", "recur")
    assert spec.target.time_columns == {"rtime", "dtime"}


def test_values_of_the_event_are_texts() -> None:
    said = CohortParams.model_validate(block(target=TARGET | {"event_value": 2, "censored_value": [0, 1]})).target
    assert (said.event_value, said.censored_value) == (("2",), ("0", "1"))
    assert "event_value" not in CohortParams.model_validate(block()).model_dump()["target"]


def test_blocks_and_bundles_of_before_are_read() -> None:
    assert CohortParams.model_validate(block(max_leak_correlation=0.95)) == CohortParams.model_validate(block())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"target": {"time": "age", "event": "dead", "per_year": 1.0}}, "'age' is in both target and columns"),
        ({"target": {"time": "5", "event": "dead", "per_year": 1.0}}, "time names no column"),
        ({"target": {"time": "days ** 2", "event": "dead", "per_year": 1.0}}, "may hold names, numbers"),
        ({"target": {"time": "days", "event": "dead", "per_year": 0.0}}, "greater than 0"),
        ({"derived": {"time": "2 * age"}}, "'time' is the name of a column that a prepared table adds"),
        ({"max_leak_auc": 0.9}, "Extra inputs"),
        ({"known": ["sex"]}, "known names sex, which columns does not have"),
        ({"target": TARGET | {"event": "dead * 1", "event_value": "1"}}, "event is arithmetic: dead"),
        ({"target": TARGET | {"censored_value": "0"}}, "censored_value goes with event_value"),
        ({"target": TARGET | {"event_value": [1, 2], "censored_value": [2]}}, "'2' is in both"),
        (
            {"columns": {"size": {"kind": "band", "edges": [50, 20], "labels": ["a", "b", "c"]}}},
            "edges must rise",
        ),
        ({"columns": {"size": {"kind": "band", "edges": [20], "labels": ["a", "b", "c"]}}}, "1 edges part 2 bands"),
        ({"columns": {"size": {"kind": "band", "edges": [20], "labels": ["a", "a"]}}}, "1 edges part 2 bands"),
    ],
)
def test_what_is_no_cohort_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        CohortParams.model_validate(block(**changes))
