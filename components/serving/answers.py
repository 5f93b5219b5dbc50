"""What a version answers, as JSON Schema: read off the answer to its own example."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from components.serving.service import Answered, Service

REASON: Mapping[str, Any] = {
    "type": "object",
    "required": ["column", "value", "adds"],
    "properties": {
        "column": {"type": "string"},
        "value": {"type": ["string", "number", "boolean", "null"]},
        "adds": {"type": "number", "description": "what the value alone adds against a typical row"},
    },
}
# Columns whose lists are empty in most answers, which say nothing then of what stands in them.
LISTS: Mapping[str, Mapping[str, Any]] = {
    "reasons": {"description": "what speaks for the answer, the strongest first; of rows that `explain` asks for"},
    "warnings": {"items": {"type": "string"}, "description": "what is strange about the row"},
}


@dataclass(frozen=True)
class Told:
    """A row's answer as JSON Schema, and a record of those that `casebook predict` writes."""

    answer: Mapping[str, Any] = field(default_factory=dict)
    written: Mapping[str, Any] = field(default_factory=dict)


NOTHING = Told()


def told_of(service: Service, answered: Sequence[Answered]) -> Told:
    """The service's own word on its answers (an optional method `answer_schema`), or else columns and types of those
    to its example; records of rows that are gathered from several are always read off.
    """
    values = [one.values for one in answered if one.values]
    answer = service.answer_schema() if hasattr(service, "answer_schema") else _row(values)
    flat = service.flat(values) if values and hasattr(service, "flat") else values
    return Told(answer, _row(flat))


def request_keys(service: Service) -> Mapping[str, Any]:
    """Keys that a request may have beside those of every case, with the schema of each (an optional method `more`)."""
    more: Mapping[str, Any] = service.more() if hasattr(service, "more") else {}
    return more


def _row(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    first = rows[0] if rows else {}
    return {
        "type": "object",
        "properties": {name: _column(name, value) for name, value in first.items()},
        "required": list(first),
    }


def _column(name: str, value: Any) -> Mapping[str, Any]:
    found = _schema(value)
    if not isinstance(value, list) or name not in LISTS:
        return found
    items = {"items": REASON} if _is_reasons(name, value) else {}
    return {**found, **items, **LISTS[name]}


def _is_reasons(name: str, value: list[Any]) -> bool:
    return name == "reasons" and all(isinstance(one, Mapping) and set(REASON["required"]) <= set(one) for one in value)


def _or_nothing(schema: dict[str, Any]) -> dict[str, Any]:
    """Of a part of an answer, which another answer need not have."""
    return {**schema, "type": [schema["type"], "null"]} if "type" in schema else schema


def _schema(value: Any) -> dict[str, Any]:
    """Numbers are numbers: that the example's is a whole one says nothing of the next."""
    if isinstance(value, bool):
        return {"type": "boolean"}
    if isinstance(value, int | float):
        return {"type": "number"}
    if isinstance(value, str):
        return {"type": "string"}
    if isinstance(value, Mapping):
        return {"type": "object", "properties": {name: _or_nothing(_schema(one)) for name, one in value.items()}}
    if isinstance(value, Sequence):
        return {"type": "array", **({"items": _schema(value[0])} if value else {})}
    return {}
