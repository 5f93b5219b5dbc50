"""The path that nearly all requests take, straight to what answers it: FastAPI's own way there costs as much again as
the rest of a small request. The route beside it answers other methods, and an application below a `root_path`; what
OpenAPI says of the path is of `operations`.
"""

from collections.abc import Awaitable, Callable

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from components.serving.errors import answer_of
from components.serving.problems import Problem

BEFORE, BEHIND = "/v1/", "/predict"


class Straight:
    """`POST /v1/CASE/predict` by `predict(case, request)`, everything else by the application."""

    def __init__(self, app: ASGIApp, predict: Callable[[str, Request], Awaitable[Response]]) -> None:
        self._app, self._predict = app, predict

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        case = _case(scope) if scope["type"] == "http" and scope["method"] == "POST" else ""
        if not case:
            await self._app(scope, receive, send)
            return
        scope["path_params"] = {"case": case}
        try:
            response = await self._predict(case, Request(scope, receive))
        except Problem as problem:
            response = answer_of(problem)
        except ClientDisconnect:
            return  # nobody reads an answer
        await response(scope, receive, send)


def _case(scope: Scope) -> str:
    """The case of the path, empty if it is another path."""
    path: str = scope["path"]
    if scope.get("root_path") or not (path.startswith(BEFORE) and path.endswith(BEHIND)):
        return ""
    case = path[len(BEFORE) : -len(BEHIND)]
    return "" if "/" in case else case
