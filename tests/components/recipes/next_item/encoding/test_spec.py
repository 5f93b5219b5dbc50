"""What the block refuses."""

from typing import Any

import pytest

from components.core.blocks import read_block
from components.core.errors import CasebookError
from components.recipes.next_item.params.interactions import InteractionsParams
from tests.components.recipes.next_item.preparation.events import block

BAND = {"column": "x", "kind": "band"}
CATEGORY = {"column": "x", "kind": "category"}


def users(columns: dict[str, Any]) -> dict[str, Any]:
    return {"users": {"file": "u", "id": "u", "columns": columns}}


def items(columns: dict[str, Any]) -> dict[str, Any]:
    return {"items": {"file": "i", "id": "i", "title": None, "columns": columns}}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"columns": {"user": "u", "item": "i", "time": None, "rating": None}}, "prepare.columns.time: "),
        ({"columns": {"user": "u", "item": "i", "rating": None}}, "prepare.columns.time: missing"),
        ({"time_unit": "weeks"}, "prepare.time_unit: "),
        ({"memory_limit": "2 gigabytes"}, "prepare.memory_limit: "),
        ({"threads": 0}, "prepare.threads: "),
        ({"split": {"by": "time", "validation": 0.5, "test": 0.5}}, "leave no event to train on"),
        ({"split": {"by": "chance"}}, "prepare.split: "),
        (users({"age": {**BAND, "edges": [2.0, 1.0]}}), "edges must ascend"),
        (users({"age": {**BAND, "edges": []}}), "age.edges: "),
        (users({"id": CATEGORY}), "'id' is the name"),
        (items({"count": CATEGORY}), "'count' is the name"),
        (users({"x": {"column": "x", "kind": "set", "separator": "|"}}), "users.columns.x"),
        ({"k_core": {"user": -1, "item": 0}}, "prepare.k_core.user: "),
        ({"kcore": 3}, "prepare.kcore: unknown key"),
    ],
)
def test_a_wrong_key_is_named(changes: dict[str, Any], expected: str) -> None:
    with pytest.raises(CasebookError) as caught:
        read_block(InteractionsParams, block(**changes), "prepare")
    assert expected in str(caught.value)


@pytest.mark.parametrize(
    ("split", "user", "least"),
    [
        ({"by": "leave_one_out"}, 0, 3),
        ({"by": "leave_one_out"}, 5, 5),
        ({"by": "time", "validation": 0.1, "test": 0.1}, 0, 0),
    ],
)
def test_leave_one_out_needs_three_events(split: dict[str, Any], user: int, least: int) -> None:
    spec = read_block(InteractionsParams, block(split=split, k_core={"user": user, "item": 0}), "prepare")
    assert spec.least_user_events == least
