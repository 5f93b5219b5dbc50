"""MLflow's `/invocations`: what `mlflow models serve` takes and answers, for clients that know no other way."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from components.serving.asking import rows_answered
from components.serving.bodies import CSV, JSON, keys_of_query, media_type, read_body, rows_of_text
from components.serving.models import Model
from components.serving.parsing import parse_json
from components.serving.problems import Detail, Problem
from components.serving.state import State
from components.serving.writing import AsJson

VERSION = "X-Casebook-Version"  # the form of the answer has no place for it
FORMS = ("dataframe_split", "dataframe_records", "inputs", "instances")
PARAMS = "params"
SCORING = "2.0"  # the version of MLflow's protocol that is spoken


def add_invocations(app: FastAPI, state: State) -> None:
    """Its routes; of several cases the path says which."""

    async def ping() -> Response:
        if not state.ready or state.draining:
            raise Problem(503, "the server is not ready", headers={"Retry-After": "1"})
        return AsJson({"ready": True})

    async def version() -> Response:
        return PlainTextResponse(SCORING)

    app.add_api_route("/ping", ping, methods=["GET"], summary="Of MLflow's server: whether it is ready")
    app.add_api_route("/health", ping, methods=["GET"], summary="The same")
    said = "The version of MLflow's protocol"
    app.add_api_route("/version", version, methods=["GET"], summary=said, response_class=PlainTextResponse)
    app.add_api_route("/invocations", _invocations(state), methods=["POST"], include_in_schema=False)
    app.add_api_route("/v1/{case}/invocations", _invocations(state), methods=["POST"])


def _invocations(state: State) -> Callable[[Request], Awaitable[Response]]:
    async def invocations(request: Request) -> Response:
        case = request.path_params.get("case") or _only(state)
        request.path_params["case"] = case  # the figures are the case's
        model = state.model(case)
        rows, more = _asked(request, await read_body(request, state.limits[model.case]))
        answers = await rows_answered(state, model, rows, {**_as_predict(model), **more})
        return AsJson({"predictions": answers}, headers={VERSION: answers.versions})

    return invocations


def _asked(request: Request, body: bytes) -> tuple[list[Any], Mapping[str, Any]]:
    """Rows, and what is asked for beside them.

    Raises:
        Problem: what `media_type`, `parse_json`, `rows_of_text` and `rows_of_frame` raise.
    """
    if media_type(request, (JSON, CSV)) == CSV:
        return rows_of_text(body), keys_of_query(request)
    content = parse_json(body, nan=True)
    rows = rows_of_frame(content)
    more = content.get(PARAMS)
    if more is not None and not isinstance(more, Mapping):
        raise Problem(422, "params are no object", [Detail((PARAMS,), "send an object", more)])
    return rows, more or {}


def _as_predict(model: Model) -> Mapping[str, Any]:
    """Who is explained where nothing is said: those whom `casebook predict` explains."""
    explains = getattr(model.service, "explains", None)
    return {} if explains is None else {"explain": explains}


def _only(state: State) -> str:
    if len(state.slots) != 1:
        raise Problem(404, f"several cases are served; ask one of /v1/CASE/invocations: {', '.join(state.slots)}")
    return next(iter(state.slots))


def rows_of_frame(content: Any) -> list[Any]:
    """The forms of a frame that MLflow knows, to rows.

    Raises:
        Problem: 422, it is none of them, or two.
    """
    given = [form for form in FORMS if isinstance(content, Mapping) and form in content]
    if len(given) != 1:
        raise Problem(422, f"not one of {', '.join(FORMS)}", [Detail((), "send one of them", None)])
    (form,) = given
    found = content[form]
    if form == "dataframe_split":
        return _split(found)
    if isinstance(found, Mapping) and form == "inputs":
        return _columns(found)
    if not isinstance(found, list):
        raise Problem(422, f"{form} is no list of rows", [Detail((form,), "send a list of objects", found)])
    return found


def _split(split: Any) -> list[Any]:
    where = "dataframe_split"
    if not isinstance(split, Mapping):
        raise Problem(422, f"{where} is no object", [Detail((where,), "send columns and data", split)])
    names, data = split.get("columns"), split.get("data")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names) or len({*names}) < len(names):
        raise Problem(
            422, f"{where} has no names of columns, each once", [Detail((where, "columns"), "send a list of them")]
        )
    if not isinstance(data, list):
        raise Problem(422, f"{where} has no rows", [Detail((where, "data"), "send a list of rows", data)])
    short = [
        Detail((where, "data", number), f"has not the {len(names)} cell(s) of the columns", row)
        for number, row in enumerate(data)
        if not isinstance(row, list) or len(row) != len(names)
    ]
    if short:
        raise Problem(422, f"{len(short)} row(s) do not have a cell for each column", short)
    return [dict(zip(names, row, strict=True)) for row in data]


def _columns(inputs: Mapping[str, Any]) -> list[Any]:
    """`inputs` by column, as of tensors: {name: [value, …]}."""
    lengths = {len(cells) for cells in inputs.values() if isinstance(cells, Sequence) and not isinstance(cells, str)}
    if len(lengths) != 1 or not all(isinstance(cells, list) for cells in inputs.values()):
        raise Problem(422, "inputs are no columns of one length", [Detail(("inputs",), "send a list for each column")])
    flat = {
        name: [cell[0] if isinstance(cell, list) and len(cell) == 1 else cell for cell in cells]
        for name, cells in inputs.items()
    }
    return [dict(zip(flat, cells, strict=True)) for cells in zip(*flat.values(), strict=True)]
