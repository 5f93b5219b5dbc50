"""Around every request: whether who asks may, what is counted, and the last word of a server that ends."""

import hmac
import time
from typing import Any

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from components.serving.errors import GONE
from components.serving.page.cookie import admits
from components.serving.problems import Problem
from components.serving.state import State

# What probes and Prometheus ask without a token, and pages, the first of which asks a person for it.
PROBES = ("/v2/health/live", "/v2/health/ready", "/ping", "/health", "/version", "/metrics")
OPEN = (*PROBES, "/", "/login", "/docs")
FILES = ("/page/", "/docs/")  # of the pages
BEARER = b"bearer "
REFUSED = Problem(401, "send the token of CASEBOOK_TOKEN: `Authorization: Bearer TOKEN`")


class Around:
    """An application whose requests are admitted and counted. No middleware of Starlette's, which costs twice as much
    as the rest of a small request.
    """

    def __init__(self, app: ASGIApp, state: State) -> None:
        self._app, self._state = app, state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), GONE

        async def told(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if self._state.draining:
                    message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
            await send(message)

        try:
            if self._admits(scope):
                await self._app(scope, receive, told)
            else:
                await _refuse(told)
        except Exception:  # a fault of the server counts, too
            status = 500
            raise
        finally:
            case = scope.get("path_params", {}).get("case")
            if case in self._state.slots:
                self._state.figures.count(case, status, time.perf_counter() - started)

    def _admits(self, scope: Scope) -> bool:
        token = self._state.asked.token
        if token is None or scope["path"] in OPEN or scope["path"].startswith(FILES):
            return True
        said = next((value for name, value in scope["headers"] if name == b"authorization"), None)
        if said is None:
            return admits(scope["headers"], token)
        given = said[len(BEARER) :].strip() if said[: len(BEARER)].lower() == BEARER else b""
        return hmac.compare_digest(given, token.encode())


async def _refuse(send: Any) -> None:
    body = orjson.dumps(REFUSED.to_json())
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    headers.append((b"www-authenticate", b"Bearer"))
    await send({"type": "http.response.start", "status": REFUSED.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
