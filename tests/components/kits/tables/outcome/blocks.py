"""Small `prepare` blocks for the tests of this folder: `y` is the target."""

from typing import Any

from components.kits.tables.outcome.params import ClassesParams, NumberParams
from tests.components.kits.tables.tables import NUMERIC, block

TWO_COLUMNS = {"x": NUMERIC, "z": NUMERIC}
BY_GROUP = {"by": "group", "column": "who", "validation": 0.2, "test": 0.2, "seed": 1}


def classes_block(*values: str, columns: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    target = {"column": "y", "values": list(values), **changes.pop("target", {})}
    return block(columns or TWO_COLUMNS, target=target, min_class_rows=10) | changes


def classes(*values: str, **changes: Any) -> ClassesParams:
    return ClassesParams.model_validate(classes_block(*values, **changes))


def number_block(columns: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    target = {"column": "y", **NUMERIC, **changes.pop("target", {})}
    content = block(columns or TWO_COLUMNS, target=target, max_leak_r2=0.99) | changes
    return {key: value for key, value in content.items() if key != "max_leak_auc"}


def number(**changes: Any) -> NumberParams:
    return NumberParams.model_validate(number_block(**changes))
