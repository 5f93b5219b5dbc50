"""What each served case takes and answers, as OpenAPI: made from the cases' own schemas, anew when a version comes."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from components.serving.models import Model
from components.serving.operations import WRONG, paths_of, refused, short
from components.serving.problems import MOST_DETAILS
from components.serving.short import cases_of, short_paths
from components.serving.state import State
from components.serving.writing import json_bytes

VERSION = "1"  # of the paths
PROBLEM: Mapping[str, Any] = {
    "type": "object",
    "required": ["error", "detail"],
    "properties": {
        "error": {"type": "string", "description": "what is wrong, in a sentence"},
        "detail": {
            "type": "array",
            "maxItems": MOST_DETAILS,
            "items": {
                "type": "object",
                "required": ["loc", "msg", "given"],
                "properties": {
                    "loc": {"type": "array", "items": {"type": ["string", "integer"]}},
                    "msg": {"type": "string"},
                    "given": {"type": ["string", "number", "boolean", "null"]},
                },
            },
        },
    },
    "examples": [
        {
            "error": "1 thing(s) in the rows that the model does not take",
            "detail": [{"loc": ["rows", 3, "Age"], "msg": "is no value of a numeric column", "given": "old"}],
        }
    ],
}


def add_openapi(app: FastAPI, state: State) -> None:
    """Have the application tell it; paths without a case are those of its routes."""
    told: dict[tuple[tuple[str, str], ...], dict[str, Any]] = {}

    def openapi() -> dict[str, Any]:
        models = [state.model(case) for case in state.slots]
        key = tuple((model.case, model.version) for model in models)
        if key not in told:
            told.clear()
            document = _document(app, state, models)
            told[key] = orjson.loads(json_bytes(document))
        return told[key]

    app.openapi = openapi  # type: ignore[method-assign] # as FastAPI's documentation has it


def _document(app: FastAPI, state: State, models: Sequence[Model]) -> dict[str, Any]:
    routes = [route for route in app.routes if "{" not in getattr(route, "path", "{")]
    about = "Rows to answers. What each case takes stands at its path."
    document = get_openapi(title=app.title, version=VERSION, openapi_version="3.1.0", description=about, routes=routes)
    for path in document["paths"].values():
        for operation in path.values():
            operation["responses"].pop("422", None)  # FastAPI's own form of it, which no route answers
            operation["responses"] |= refused(set(WRONG) & set(map(int, operation["responses"])) | {401, 405, 503})
    parts = document.setdefault("components", {}).setdefault("schemas", {})
    parts["Problem"] = dict(PROBLEM)
    for model in models:
        parts |= {f"{model.case}_row": model.service.schema(), f"{model.case}_answer": model.answers.answer}
        document["paths"] |= paths_of(model)
    for recipe, offered in short_paths(state).items():
        answering = [model for model in models if model.case in cases_of(state, recipe)]
        document["paths"][offered.path] = {"post": short(answering, offered.keys)}
    if state.asked.token is not None:
        document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        document["security"] = [{"token": []}]
    return document
