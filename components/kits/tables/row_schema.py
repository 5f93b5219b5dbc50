"""A row of a table as JSON Schema: kinds, rules, what training had, and an example."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

NUMBERS = ("numeric", "amount")
COMMON = 20  # classes of a column that are named


def row_schema(columns: Mapping[str, Any], summary: Mapping[str, Any], others: Collection[str]) -> Mapping[str, Any]:
    """Of the columns of a model, and the summary of each in training; `others` are taken, too, and not used."""
    unused = {"description": f"also taken, and not used: {', '.join(sorted(others))}"}
    return {
        "type": "object",
        "properties": {name: _column(column, summary.get(name, {})) for name, column in columns.items()},
        "required": list(columns),
        "additionalProperties": unused if others else False,
        "examples": [{name: _typical(column, summary.get(name, {})) for name, column in columns.items()}],
    }


def _column(column: Mapping[str, Any], summary: Mapping[str, Any]) -> dict[str, Any]:
    """A column as JSON Schema: its kind, the bounds of its rule, what training had."""
    kind = column["kind"]
    found: dict[str, Any] = {"x-kind": kind}
    if kind in NUMBERS:
        found["type"] = ["number", "null"] if kind == "numeric" else ["number", "string", "null"]
        bounds = {"minimum": column.get("min"), "maximum": column.get("max")}
        found |= {name: bound for name, bound in bounds.items() if bound is not None}
        if ends := summary.get("quantiles"):
            found["description"] = f"{kind}; training had {ends['0']:.12g} to {ends['1']:.12g}"
            found["x-training"] = [ends["0"], ends["1"]]
        return found
    if kind == "boolean":
        return {**found, "type": ["boolean", "string", "null"]}
    found |= {"type": ["string", "null"], "description": kind}
    if kind == "date":
        found["description"] = f"date, such as {summary['last']}" if "last" in summary else "date"
    elif names := [name for name, _ in summary.get("top", [])][:COMMON]:
        found |= {"description": f"{kind}; training had {', '.join(names)}", "examples": names}
        if column.get("values"):
            found["enum"] = [*column["values"], None]
    return found


def _typical(column: Mapping[str, Any], summary: Mapping[str, Any]) -> Any:
    """A value that training had: the median, the commonest class, the last date."""
    kind = column["kind"]
    if kind in NUMBERS:
        middle = summary.get("quantiles", {}).get("0.5")
        return middle if kind == "numeric" or middle is None else _written(middle, column)
    if kind == "boolean":
        top = summary.get("top") or [["true", 1]]
        return str(top[0][0]).lower() == "true"
    if kind == "date":
        return _dated(summary.get("last"), column)
    if kind == "text":
        return ""
    top = summary.get("top")
    return top[0][0] if top else None


def _written(value: float, column: Mapping[str, Any]) -> str:
    """An amount as the column's cells are written."""
    text = f"{value:.12g}".replace(".", column["decimal"])
    return f"{text}%" if column["unit"] == "%" else text


def _dated(last: str | None, column: Mapping[str, Any]) -> str | None:
    if last is None:
        return None
    pattern = column["formats"][0]
    if pattern == "ISO8601":
        return last
    return datetime.fromisoformat(last).strftime(pattern)
