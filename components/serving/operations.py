"""The operations of one case, as OpenAPI has them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from components.serving.answers import request_keys
from components.serving.asking import EXPLAIN, LONGEST_ID
from components.serving.bodies import CSV, FORM, JSON, MOST_ROWS, NDJSON
from components.serving.models import Model
from components.serving.pictures import PNG
from components.serving.service import Finding, takes_files

MARKDOWN = "text/markdown"
WRONG: Mapping[int, str] = {
    400: "The body is no JSON, or not UTF-8.",
    401: "The token is missing, or another.",
    404: "No such case is served.",
    405: "The path is not asked by this method.",
    408: "The body did not come in time.",
    413: "The body is too long, or has too many rows.",
    415: "The body is of a type that is not read.",
    422: "A column is missing or unknown, a cell is no value of its column, a key has a value that it cannot have.",
    429: "Too many rows wait; Retry-After says when to come again.",
    503: "The server is not ready; to probes also where it ends.",
    504: "No answer began in time.",
}
READ = (401, 404, 405, 503)  # what can go wrong where something is only read

TEXT: Mapping[str, Any] = {"schema": {"type": "string"}}
FILES: Mapping[str, Any] = {
    "schema": {"type": "object", "properties": {"image": {"type": "string", "format": "binary"}}, "required": ["image"]}
}
TENSOR: Mapping[str, Any] = {
    "type": "object",
    "required": ["name", "shape", "datatype"],
    "properties": {
        "name": {"type": "string"},
        "shape": {"type": "array", "items": {"type": "integer", "minimum": -1}, "minItems": 1, "maxItems": 2},
        "datatype": {"enum": ["BOOL", "INT32", "INT64", "FP32", "FP64", "BYTES"]},
        "data": {"type": "array"},
        "parameters": {"type": "object"},
    },
}
SEVERAL = {"versions": {"type": "array", "items": {"type": "string"}, "description": "by row, where a canary had some"}}


def paths_of(model: Model) -> dict[str, Any]:
    """Those below the case's name, by path."""
    case, answer = model.case, _part(f"{model.case}_answer")
    lines = {"schema": {"type": "string", "description": "a line for each row, in their order"}}
    found = _found({"const": case}, answer)
    files = takes_files(model.service)
    taken = {JSON: {"schema": _request(model)}, NDJSON: TEXT, **({FORM: FILES} if files else {CSV: TEXT})}
    given = {JSON: {"schema": _object(found, SEVERAL)}, NDJSON: lines, **({PNG: {}} if files else {CSV: lines})}
    predict = _asked(case, "Answer rows.", taken, given)
    predict["parameters"] = [
        {"name": name, "in": "query", "schema": schema, "description": schema.get("description", name)}
        for name, schema in _keys(model).items()
        if name != "request_id"
    ]
    told = {"case": {"const": case}, "version": {"type": "string"}, "recipe": {"type": "string"}}
    told |= {
        "row": {"type": "object"},
        "answer": {"type": "object"},
        "request": {"type": "object"},
        "about": {"type": "object"},
    }
    about = {"name": {"const": case}, "versions": _list({"type": "string"}), "platform": {"type": "string"}}
    about |= {"inputs": _list(TENSOR), "outputs": _list(TENSOR)}
    return {
        f"/v1/{case}/predict": {"post": predict},
        f"/v1/{case}/schema": {"get": _read(case, "What a row has, and an answer.", told)},
        f"/v1/{case}/card": {"get": _operation(case, "The card of the version that answers.", {MARKDOWN: {}}, READ)},
        f"/v1/{case}/invocations": {"post": _invocations(case)},
        f"/v2/models/{case}": {"get": _read(case, "The Open Inference Protocol's word on the model.", about)},
        f"/v2/models/{case}/ready": {"get": _read(case, "Whether it answers.", {"name": {"const": case}})},
        f"/v2/models/{case}/infer": {"post": _infer(case)},
        **({f"/v1/{case}/find": {"get": _find(case)}} if isinstance(model.service, Finding) else {}),
    }


def _find(case: str) -> dict[str, Any]:
    """What stands in the catalogue, for who picks some of it."""
    one = _object({"value": {"type": "string"}, "title": {"type": "string"}})
    operation = _read(case, "What of the catalogue holds a text.", {"case": {"const": case}, "found": _list(one)})
    operation["parameters"] = [
        {"name": name, "in": "query", "schema": {"type": "string"}, "description": said}
        for name, said in {"text": "part of a title, or of an id", "column": "item, or user"}.items()
    ]
    return operation


def _invocations(case: str) -> dict[str, Any]:
    """What `mlflow models serve` takes and answers."""
    rows = _list(_part(f"{case}_row"))
    split = _object({"columns": _list({"type": "string"}), "data": _list({"type": "array"})})
    taken = [_object({name: form}) for name, form in (("dataframe_records", rows), ("dataframe_split", split))]
    body = {JSON: {"schema": {"anyOf": taken}}, CSV: TEXT}
    said = {JSON: {"schema": _object({"predictions": {"type": "array", "items": {"type": "object"}}})}}
    return _asked(case, "What `mlflow models serve` takes and answers.", body, said)


def short(models: Sequence[Model], keys: Mapping[str, Any]) -> dict[str, Any]:
    """A short path that the `models` answer: its own `keys` beside those of every request."""
    cases = [model.case for model in models]
    taken = _object({}, {"case": {"enum": cases}, **keys, **_keys(models[0])})
    found = _found({"enum": cases}, {"anyOf": [_part(f"{case}_answer") for case in cases]})
    said = f"Answer by {' or '.join(cases)}."
    return _asked("short", said, {JSON: {"schema": taken}}, {JSON: {"schema": _object(found, SEVERAL)}})


def _found(case: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, Any]:
    named = {"case": case, "version": {"type": "string"}, "request_id": {"type": ["string", "null"]}}
    return {**named, "rows": _list(answer)}


def refused(statuses: Collection[int]) -> dict[str, Any]:
    """The responses of these statuses, each a problem."""
    content = {JSON: {"schema": _part("Problem")}}
    return {str(status): {"description": WRONG[status], "content": content} for status in sorted(statuses)}


def _infer(case: str) -> dict[str, Any]:
    taken = {"id": {"type": "string", "maxLength": LONGEST_ID}, "parameters": {"type": "object"}}
    body = _object({"inputs": {**_list(TENSOR), "minItems": 1}}, taken)
    said = {"model_name": {"const": case}, "model_version": {"type": "string"}, "outputs": _list(TENSOR)}
    return _asked(case, "Answer tensors, one a column.", {JSON: {"schema": body}}, {JSON: {"schema": _object(said)}})


def _keys(model: Model) -> dict[str, Any]:
    return {
        "explain": {"type": "string", "enum": list(EXPLAIN), "description": "who gets reasons"},
        "strict": {"type": "boolean", "description": "refuse what training never had"},
        "request_id": {"type": ["string", "null"], "maxLength": LONGEST_ID},
        "log": {"type": "boolean", "description": "false keeps the rows out of the log that monitoring reads"},
        **request_keys(model.service),
    }


def _request(model: Model) -> dict[str, Any]:
    rows = {**_list(_part(f"{model.case}_row")), "maxItems": MOST_ROWS}
    found = {**_object({"rows": rows}, _keys(model)), "additionalProperties": False}
    if examples := model.service.schema().get("examples"):
        found["examples"] = [{"rows": list(examples)}]
    return found


def _asked(case: str, summary: str, taken: Mapping[str, Any], answers: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **_operation(case, summary, answers, WRONG),
        "requestBody": {"required": True, "content": taken},
    }


def _read(case: str, summary: str, told: Mapping[str, Any]) -> dict[str, Any]:
    return _operation(case, summary, {JSON: {"schema": _object(told)}}, READ)


def _operation(case: str, summary: str, answers: Mapping[str, Any], wrong: Collection[int]) -> dict[str, Any]:
    good = {"200": {"description": summary, "content": answers}}
    return {"tags": [case], "summary": summary, "responses": good | refused(wrong)}


def _object(needed: Mapping[str, Any], others: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return {"type": "object", "required": list(needed), "properties": {**needed, **(others or {})}}


def _list(items: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _part(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}
