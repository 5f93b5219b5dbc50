"""Ways that other clients know: the Open Inference Protocol v2 (KServe, Triton) and MLflow's `/invocations`."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import orjson
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from components.serving.asking import answered, read_request
from components.serving.bodies import JSON, MOST_ROWS, read_json
from components.serving.models import Model
from components.serving.problems import Detail, Problem
from components.serving.service import Gathering
from components.serving.state import State

NUMBERS = {"number": "FP64", "integer": "INT64", "boolean": "BOOL"}


def add_protocols(app: FastAPI, state: State) -> None:
    """Their routes, each a thin form of `predict`."""

    async def about(case: str) -> Response:
        return _json(metadata(state.model(case)))

    async def ready(case: str) -> Response:
        state.model(case)
        return _json({"name": case, "ready": True})

    async def infer(case: str, request: Request) -> Response:
        model = state.model(case)
        content = await read_json(request, state.limits[case])
        rows = await _rows_answered(state, model, rows_of_tensors(content), content.get("parameters"))
        outputs = [_tensor(name, [row.get(name) for row in rows]) for name in (rows[0] if rows else ())]
        said = {"id": content["id"]} if isinstance(content.get("id"), str) else {}
        return _json({"model_name": case, "model_version": model.version, "outputs": outputs, **said})

    app.add_api_route("/v2/models/{case}", about, methods=["GET"])
    app.add_api_route("/v2/models/{case}/ready", ready, methods=["GET"])
    app.add_api_route("/v2/models/{case}/infer", infer, methods=["POST"])
    app.add_api_route("/invocations", _invocations(state, None), methods=["POST"])
    app.add_api_route("/v1/{case}/invocations", _invocations(state, "path"), methods=["POST"])


def _invocations(state: State, where: str | None) -> Callable[[Request], Awaitable[Response]]:
    async def invocations(request: Request) -> Response:
        """What `mlflow models serve` takes and answers; of several cases the path says which."""
        case = request.path_params["case"] if where else _only(state)
        model = state.model(case)
        content = await read_json(request, state.limits[case])
        rows = await _rows_answered(state, model, rows_of_frame(content), content.get("params"))
        return _json({"predictions": rows})

    return invocations


def _only(state: State) -> str:
    if len(state.slots) != 1:
        raise Problem(404, f"several cases are served; ask one of /v1/CASE/invocations: {', '.join(state.slots)}")
    return next(iter(state.slots))


async def _rows_answered(
    state: State, model: Model, rows: Sequence[Mapping[str, Any]], params: Any
) -> list[Mapping[str, Any]]:
    more = dict(params) if isinstance(params, Mapping) else {}
    gathers = isinstance(model.service, Gathering)
    rows = model.service.gathered(rows) if gathers else list(rows)
    found = await answered(state, model, read_request(state, model, {**more, "rows": rows}, MOST_ROWS))
    return model.service.flat(found) if gathers else found


def metadata(model: Model) -> dict[str, Any]:
    """What the protocol calls a model: its inputs by column."""
    columns = model.service.schema().get("properties", {})
    inputs = [{"name": name, "datatype": _datatype(column), "shape": [-1]} for name, column in columns.items()]
    return {"name": model.case, "versions": [model.version], "platform": "casebook", "inputs": inputs, "outputs": []}


def rows_of_tensors(content: Any) -> list[dict[str, Any]]:
    """Tensors (N,) or (N, 1), one a column, to rows.

    Raises:
        Problem: 422, there are none, or they are of several lengths.
    """
    inputs = content.get("inputs") if isinstance(content, Mapping) else None
    if not isinstance(inputs, list) or not all(isinstance(one, Mapping) for one in inputs) or not inputs:
        raise Problem(422, "no list of inputs", [Detail(("inputs",), "send a tensor for each column", inputs)])
    columns = {}
    for number, one in enumerate(inputs):
        name, data = one.get("name"), one.get("data")
        if not isinstance(name, str) or not isinstance(data, list):
            raise Problem(422, "an input without name or data", [Detail(("inputs", number), "send both", data)])
        columns[name] = [cell[0] if isinstance(cell, list) and len(cell) == 1 else cell for cell in data]
    lengths = {name: len(cells) for name, cells in columns.items()}
    if len(set(lengths.values())) > 1:
        raise Problem(422, f"inputs of several lengths: {lengths}", [Detail(("inputs",), "send one value a row", None)])
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def rows_of_frame(content: Any) -> list[Any]:
    """The forms of a frame that MLflow knows, to rows.

    Raises:
        Problem: 422, it is none of them.
    """
    if isinstance(content, Mapping):
        if isinstance(records := content.get("dataframe_records"), list):
            return records
        split = content.get("dataframe_split")
        if (
            isinstance(split, Mapping)
            and isinstance(split.get("columns"), list)
            and isinstance(split.get("data"), list)
        ):
            names = split["columns"]
            if all(isinstance(row, list) and len(row) == len(names) for row in split["data"]):
                return [dict(zip(names, row, strict=True)) for row in split["data"]]
        if isinstance(inputs := content.get("inputs", content.get("instances")), list):
            return inputs
    raise Problem(
        422, "none of dataframe_records, dataframe_split, inputs and instances", [Detail((), "send one of them", None)]
    )


def _tensor(name: str, values: list[Any]) -> dict[str, Any]:
    types = {type(value) for value in values}
    if types <= {int, float} and types:
        return {"name": name, "datatype": "FP64", "shape": [len(values)], "data": [float(value) for value in values]}
    texts = [value if isinstance(value, str) else orjson.dumps(value, default=str).decode() for value in values]
    return {"name": name, "datatype": "BYTES", "shape": [len(values)], "data": texts}


def _datatype(column: Mapping[str, Any]) -> str:
    kinds = column.get("type", ())
    first = next((one for one in ([kinds] if isinstance(kinds, str) else kinds) if one != "null"), "")
    return NUMBERS.get(first, "BYTES")


def _json(content: Any) -> Response:
    return Response(orjson.dumps(content, default=str, option=orjson.OPT_SERIALIZE_NUMPY), media_type=JSON)
