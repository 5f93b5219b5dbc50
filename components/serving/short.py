"""Short paths: `POST /recommend` and the like, each a thin name for `predict` of the case whose recipe offers it."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from components.serving.asking import answered, read_request
from components.serving.bodies import JSON, MOST_ROWS, media_type, read_body
from components.serving.models import online
from components.serving.parsing import parse_json
from components.serving.problems import Detail, Problem
from components.serving.service import Short
from components.serving.state import State
from components.serving.writing import AsJson

CASE = "case"


def add_short_paths(app: FastAPI, state: State) -> None:
    """Their routes."""
    for recipe, short in short_paths(state).items():
        app.add_api_route(short.path, _short(state, recipe, short), methods=["POST"], include_in_schema=False)


def short_paths(state: State) -> Mapping[str, Short]:
    """Those that are served, by recipe."""
    offered = {name: getattr(online(name), "SHORT", None) for name in (job.params.recipe for job in state.asked.jobs)}
    return {name: short for name, short in offered.items() if isinstance(short, Short)}


def case_of(state: State, recipe: str, content: Mapping[str, Any]) -> str:
    """The case that answers: the one named, or the only one of the recipe.

    Raises:
        Problem: 404 where the one named is not served, 422 where there are several, or it is of another recipe.
    """
    cases = cases_of(state, recipe)
    told = f"cases of the recipe {recipe} that are served: {', '.join(cases)}"
    named = content.get(CASE)
    if named is not None and named not in cases:
        unserved = not isinstance(named, str) or named not in state.slots
        raise Problem(404 if unserved else 422, f"no case to answer this; {told}", [Detail((CASE,), told, named)])
    if named is None and len(cases) != 1:
        detail = [Detail((CASE,), f"say which: {', '.join(cases)}")]
        raise Problem(422, f"no one case to answer this; {told}", detail)
    found: str = cases[0] if named is None else named
    return found


def cases_of(state: State, recipe: str) -> list[str]:
    """Those of the recipe."""
    return [job.case for job in state.asked.jobs if job.params.recipe == recipe]


def _short(state: State, recipe: str, offered: Short) -> Any:
    async def short(request: Request) -> Response:
        """As `/v1/CASE/predict` answers; `case` says which, where several could."""
        media_type(request, (JSON,))
        most = max((state.limits[case] for case in cases_of(state, recipe)), default=0)
        content = parse_json(await read_body(request, most))
        if not isinstance(content, Mapping):
            raise Problem(422, "the body is no object", [Detail((), "send an object", content)])
        case = case_of(state, recipe, content)
        request.path_params[CASE] = case  # the figures are the case's
        model = state.model(case)
        rest = {name: cell for name, cell in content.items() if name != CASE}
        asked = read_request(state, model, offered.read(rest), MOST_ROWS)
        rows = await answered(state, model, asked)
        return AsJson({"case": case, **rows.by, "request_id": asked.request_id, "rows": rows})

    return short
