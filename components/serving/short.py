"""Short paths: `POST /recommend` and the like, each a thin name for `predict` of the case that has the recipe."""

from collections.abc import Callable, Mapping
from typing import Any

import orjson
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from components.serving.asking import answered, read_request
from components.serving.bodies import JSON, MOST_ROWS, media_type, read_body
from components.serving.parsing import parse_json
from components.serving.problems import Detail, Problem
from components.serving.state import State

CASE = "case"
TEXT: Mapping[str, Any] = {"type": "string"}
# Of each path the recipe that answers, and its keys beside those of `predict`, as OpenAPI tells them.
SHORT: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "/recommend": ("next_item", {"user": {"description": "an id, or a list of ids"}, "history": {"type": "array"}}),
    "/translate": ("conversion", {"text": {"anyOf": [TEXT, {"type": "array", "items": TEXT}]}}),
}
Reads = Callable[[Mapping[str, Any]], Mapping[str, Any]]  # a short body to that of `predict`


def add_short_paths(app: FastAPI, state: State) -> None:
    """Their routes."""
    recommend = _short(state, "next_item", recommended)
    app.add_api_route("/recommend", recommend, methods=["POST"], include_in_schema=False)
    translate = _short(state, "conversion", translated)
    app.add_api_route("/translate", translate, methods=["POST"], include_in_schema=False)


def case_of(state: State, recipe: str, content: Mapping[str, Any]) -> str:
    """The case that answers: the one named, or the only one of the recipe.

    Raises:
        Problem: 404 where there is none, 422 where there are several, or the one named is of another recipe.
    """
    cases = [slot.job.case for slot in state.slots.values() if slot.job.params.recipe == recipe]
    told = f"cases of the recipe {recipe} that are served: {', '.join(cases) or 'none'}"
    named = content.get(CASE)
    if named is not None and named not in cases:
        unserved = not isinstance(named, str) or named not in state.slots
        raise Problem(404 if unserved else 422, f"no case to answer this; {told}", [Detail((CASE,), told, named)])
    if named is None and len(cases) != 1:
        detail = [Detail((CASE,), f"say which: {', '.join(cases)}")] if cases else []
        raise Problem(422 if cases else 404, f"no one case to answer this; {told}", detail)
    found: str = cases[0] if named is None else named
    return found


def recommended(content: Mapping[str, Any]) -> Mapping[str, Any]:
    """`user`, an id or a list of ids, or `history`, to the rows of `predict`; all else are its own keys.

    Raises:
        Problem: 422, there is neither, or a history of several users.
    """
    rest = {name: cell for name, cell in content.items() if name not in ("user", "history")}
    user, history = content.get("user"), content.get("history")
    if isinstance(user, list) and history is not None:
        detail = [Detail(("history",), "is one user's; ask for several with /v1/CASE/predict")]
        raise Problem(422, "a history, and several users", detail)
    if isinstance(user, list):
        return {**rest, "rows": [{"user": one} for one in user]}
    return {**rest, "rows": [{name: content[name] for name in ("user", "history") if name in content}]}


def translated(content: Mapping[str, Any]) -> Mapping[str, Any]:
    """`text`, one or a list of them, to the rows of `predict`; all else are its own keys.

    Raises:
        Problem: 422, there is none.
    """
    if "text" not in content:
        raise Problem(422, "there is no text", [Detail(("text",), "send a text, or a list of them")])
    rest = {name: cell for name, cell in content.items() if name != "text"}
    text = content["text"]
    return {**rest, "rows": [{"pinyin": one} for one in (text if isinstance(text, list) else [text])]}


def _short(state: State, recipe: str, read: Reads) -> Any:
    async def short(request: Request) -> Response:
        """As `/v1/CASE/predict` answers; `case` says which, where several could."""
        if media_type(request) != JSON:
            raise Problem(415, f"this path reads {JSON} alone")
        content = parse_json(await read_body(request, max(state.limits.values(), default=0)))
        if not isinstance(content, Mapping):
            raise Problem(422, "the body is no object", [Detail((), "send an object", content)])
        case = case_of(state, recipe, content)
        request.path_params[CASE] = case  # the figures are the case's
        model = state.model(case)
        asked = read_request(state, model, read({name: content[name] for name in content if name != CASE}), MOST_ROWS)
        rows = await answered(state, model, asked)
        found = {"case": case, **rows.by, "request_id": asked.request_id, "rows": rows}
        return Response(orjson.dumps(found, default=str, option=orjson.OPT_SERIALIZE_NUMPY), media_type=JSON)

    return short
