"""The Open Inference Protocol v2, as clients of KServe and Triton speak it: a tensor a column, one value a row."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from components.serving.asking import Rows, rows_answered
from components.serving.bodies import JSON, media_type, read_body
from components.serving.models import Model
from components.serving.parsing import parse_json
from components.serving.problems import Detail, Problem
from components.serving.state import State
from components.serving.tensors import TEXT, columns_of, tensor
from components.serving.writing import AsJson, json_bytes

VERSION = "2"
BINARY = "application/octet-stream"
LENGTH = "inference-header-content-length"  # bytes of the JSON before those of the tensors
KINDS = {"number": "FP64", "integer": "INT64", "boolean": "BOOL"}
# What Triton's clients may send beside what a model is asked: nothing here depends on it.
THEIRS = ("binary_data_output", "sequence_id", "sequence_start", "sequence_end", "priority", "timeout")


def add_protocol(app: FastAPI, state: State) -> None:
    """Its routes, each a thin form of `predict`."""

    async def server() -> Response:
        extensions = ["binary_tensor_data", "model_repository"]
        return AsJson({"name": "casebook", "version": VERSION, "extensions": extensions})

    async def models() -> Response:
        return AsJson({"models": list(state.slots)})

    async def index() -> Response:
        found = [(case, state.model(case).version) for case in state.slots]
        return AsJson([{"name": case, "version": version, "state": "READY"} for case, version in found])

    async def about(request: Request) -> Response:
        return AsJson(metadata(_asked(state, request)))

    async def ready(request: Request) -> Response:
        return AsJson({"name": _asked(state, request).case, "ready": True})

    app.add_api_route("/v2", server, methods=["GET"], summary="Of the Open Inference Protocol: the server")
    app.add_api_route("/v2/models", models, methods=["GET"], summary="The cases that are served")
    app.add_api_route("/v2/repository/index", index, methods=["POST"], summary="The same with their versions")
    for path in ("/v2/models/{case}", "/v2/models/{case}/versions/{version}"):
        app.add_api_route(path, about, methods=["GET"])
        app.add_api_route(f"{path}/ready", ready, methods=["GET"])
        app.add_api_route(f"{path}/infer", _infer(state), methods=["POST"])


def _asked(state: State, request: Request) -> Model:
    """The model that the path names.

    Raises:
        Problem: 404, it is not served, or by another version.
    """
    model = state.model(request.path_params["case"])
    version = request.path_params.get("version", model.version)
    if version != model.version:
        raise Problem(404, f"{model.case}: version {model.version} is served, and not {version[:20]}")
    return model


def _infer(state: State) -> Callable[[Request], Awaitable[Response]]:
    async def infer(request: Request) -> Response:
        model = _asked(state, request)
        body = await read_body(request, state.limits[model.case])
        content, rest = _parted(request, body)
        if not isinstance(content, Mapping):
            raise Problem(422, "the body is no object", [Detail((), 'send {"inputs": [...]}', content)])
        wanted, binary = _wanted(content)
        columns = columns_of(content.get("inputs"), rest)
        rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
        answers = await rows_answered(state, model, rows, _more(content), content.get("id"))
        return _answer(model, content, answers, wanted, binary)

    return infer


def _parted(request: Request, body: bytes) -> tuple[Any, bytes]:
    """The JSON and the bytes of tensors after it.

    Raises:
        Problem: 400, the header is no length within the body; 415, the body is of another type.
    """
    media_type(request, (JSON, BINARY))
    said = request.headers.get(LENGTH)
    if said is None:
        return parse_json(body), b""
    length = int(said) if said.isdecimal() and len(said) < 10 else len(body) + 1
    if length > len(body):
        raise Problem(400, f"{LENGTH} is {said[:20]!r}, and the body has {len(body)} bytes")
    return parse_json(body[:length]), body[length:]


def _wanted(content: Mapping[str, Any]) -> tuple[dict[str, bool] | None, bool]:
    """Outputs that are asked for, each whether as bytes (None: all), and whether those of all are."""
    parameters = content.get("parameters")
    binary = isinstance(parameters, Mapping) and parameters.get("binary_data_output") is True
    outputs = content.get("outputs")
    if not outputs:
        return None, binary
    found: dict[str, bool] = {}
    for number, one in enumerate(outputs if isinstance(outputs, list) else [outputs]):
        name = one.get("name") if isinstance(one, Mapping) else None
        if not isinstance(name, str):
            raise Problem(422, "an output without a name", [Detail(("outputs", number), "name it", one)])
        own = one.get("parameters")
        found[name] = own.get("binary_data", binary) is True if isinstance(own, Mapping) else binary
    return found, binary


def _more(content: Mapping[str, Any]) -> dict[str, Any]:
    parameters = content.get("parameters")
    if parameters is not None and not isinstance(parameters, Mapping):
        raise Problem(422, "parameters are no object", [Detail(("parameters",), "send an object", parameters)])
    return {name: value for name, value in (parameters or {}).items() if name not in THEIRS}


def _answer(
    model: Model,
    content: Mapping[str, Any],
    answers: Rows,
    wanted: Mapping[str, bool] | None,
    binary: bool,
) -> Response:
    known = _kinds(model.answers.written)
    kinds = known | {name: TEXT for row in answers[:1] for name in row if name not in known}
    asked = dict.fromkeys(kinds, binary) if wanted is None else wanted
    if unknown := [name for name in asked if name not in kinds]:
        raise Problem(
            422, "outputs that there are not", [Detail(("outputs",), "is no output", name) for name in unknown]
        )
    made = [
        tensor(name, kinds[name], [row.get(name) for row in answers], binary=is_binary)
        for name, is_binary in asked.items()
    ]
    said = {"id": content["id"]} if isinstance(content.get("id"), str) else {}
    told = {"model_name": model.case, "model_version": answers.by["version"], **said}
    if "versions" in answers.by:
        told["parameters"] = {"versions": ", ".join(answers.by["versions"])}
    told["outputs"] = [one for one, _ in made]
    head = json_bytes(told)
    if not any(asked.values()):
        return Response(head, media_type=JSON)
    return Response(head + b"".join(part for _, part in made), headers={LENGTH: str(len(head))}, media_type=BINARY)


def metadata(model: Model) -> dict[str, Any]:
    """What the protocol calls a model: its inputs and outputs by column."""
    inputs, outputs = _kinds(model.service.schema()), _kinds(model.answers.written)
    return {
        "name": model.case,
        "versions": [model.version],
        "platform": "casebook",
        "inputs": [{"name": name, "datatype": kind, "shape": [-1]} for name, kind in inputs.items()],
        "outputs": [{"name": name, "datatype": kind, "shape": [-1]} for name, kind in outputs.items()],
    }


def _kinds(schema: Mapping[str, Any]) -> dict[str, str]:
    """The datatype of each column of an object's schema; lists and objects are texts of JSON."""
    return {name: _kind(column) for name, column in schema.get("properties", {}).items()}


def _kind(column: Mapping[str, Any]) -> str:
    kinds = column.get("type", ())
    first = next((one for one in ([kinds] if isinstance(kinds, str) else kinds) if one != "null"), "")
    return KINDS.get(first, TEXT)
