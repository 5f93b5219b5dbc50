"""The page for people at `/`: files of this package, which cases there are, and the token asked once."""

import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable
from importlib.resources import files
from typing import Any

import orjson
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from components.serving.bodies import JSON, read_body
from components.serving.page.cookie import admits, set_cookie
from components.serving.parsing import parse_json
from components.serving.problems import Detail, Problem
from components.serving.service import Finding
from components.serving.state import State

TYPES = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
LANGUAGES = ("en", "zh")  # the first where a browser wants neither
LONGEST_LOGIN = 4096  # bytes
MOST_FOUND = 20
# Nothing is loaded from elsewhere, nothing runs that does not stand in a file of this package, nobody frames the page.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
GUARDED = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-cache",  # asked anew each time, and not sent again where nothing has changed
}
Route = Callable[[Request], Awaitable[Response]]


def add_page(app: FastAPI, state: State) -> None:
    """Its routes; none stands in the OpenAPI but those below `/v1`."""
    for path, methods, route in (
        ("/", ["GET", "HEAD"], _index),
        ("/page/{name}", ["GET", "HEAD"], _file),
        ("/login", ["GET"], _asked(state)),
        ("/login", ["POST"], _log_in(state)),
        ("/login", ["DELETE"], _log_out(state)),
    ):
        app.add_api_route(path, route, methods=methods, include_in_schema=False)
    app.add_api_route("/v1", _cases(state), methods=["GET"])
    app.add_api_route("/v1/{case}/find", _find(state), methods=["GET"])


def title_of(case: str) -> str:
    """A case's name as people write it: `finance_risk` is "Finance risk"."""
    words = re.sub(r"[_\-.]+", " ", case).strip() or case
    return words[:1].upper() + words[1:]


def language_of(wanted: str) -> str:
    """The one of ours that `Accept-Language` likes best."""
    weighed: list[tuple[float, str]] = []
    for part in wanted.split(","):
        tag, _, weight = part.strip().partition(";q=")
        language = tag.partition("-")[0].lower()
        try:
            weighed.append((float(weight or 1), language))
        except ValueError:
            continue
    known = [(weight, language) for weight, language in weighed if language in LANGUAGES and weight > 0]
    return max(known, key=lambda one: one[0], default=(1.0, LANGUAGES[0]))[1]


async def _index(request: Request) -> Response:
    language = language_of(request.headers.get("accept-language", ""))
    text = _read("index.html").replace(b'lang="en"', f'lang="{language}"'.encode(), 1)
    return _sent(request, text, "html", {"content-language": language, "vary": "accept-language"})


async def _file(request: Request) -> Response:
    name = request.path_params["name"]
    ending = name.rpartition(".")[2]
    if name == "index.html" or ending not in TYPES or not re.fullmatch(r"[a-z_]+\.[a-z]+", name):
        raise Problem(404, f"the page has no file {name!r}")
    try:
        return _sent(request, _read(name), ending, {})
    except FileNotFoundError:
        raise Problem(404, f"the page has no file {name!r}") from None


def _read(name: str) -> bytes:
    return (files(__package__) / "static" / name).read_bytes()


def _sent(request: Request, content: bytes, ending: str, more: dict[str, str]) -> Response:
    mark = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {**GUARDED, **more, "etag": mark}
    if request.headers.get("if-none-match") == mark:
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=TYPES[ending])


def _asked(state: State) -> Route:
    async def asked(request: Request) -> Response:
        """Whether a token is needed, and whether the browser has it already."""
        token = state.asked.token
        return _json({"needed": token is not None, "known": token is None or admits(request.headers.raw, token)})

    return asked


def _log_in(state: State) -> Route:
    async def log_in(request: Request) -> Response:
        """`{"token": …}` for a cookie. Only JSON is read, which no form of another site can send."""
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
            raise Problem(415, f"send the token as {JSON}")
        content = parse_json(await read_body(request, LONGEST_LOGIN))
        given = content.get("token") if isinstance(content, dict) else None
        if not isinstance(given, str):
            raise Problem(422, "the body has no token", [Detail(("token",), "send a text", given)])
        token = state.asked.token
        if token is not None and not hmac.compare_digest(given.strip().encode(), token.encode()):
            raise Problem(401, "this is not the token of CASEBOOK_TOKEN", [Detail(("token",), "is another", "a text")])
        return Response(status_code=204, headers=_cookie(state, request))

    return log_in


def _log_out(state: State) -> Route:
    async def log_out(request: Request) -> Response:
        """The browser forgets the cookie."""
        return Response(status_code=204, headers=_cookie(state, request, forget=True))

    return log_out


def _cookie(state: State, request: Request, *, forget: bool = False) -> dict[str, str]:
    token = state.asked.token
    if token is None:
        return {}
    return {"set-cookie": set_cookie(token, forget=forget, secure=request.url.scheme == "https")}


def _cases(state: State) -> Route:
    async def cases(_request: Request) -> Response:
        """The cases that are served, and the version that answers each."""
        found: list[dict[str, Any]] = []
        for case, slot in state.slots.items():
            told = {"case": case, "recipe": slot.job.params.recipe, "version": state.model(case).version}
            found.append({**told, "title": title_of(case), "notice": slot.job.evaluate.notice})
        return _json({"cases": found})

    return cases


def _find(state: State) -> Callable[[str, str, str], Awaitable[Response]]:
    async def find(case: str, text: str = "", column: str = "item") -> Response:
        """Of a catalogue the ids whose titles hold a text, for who picks some of them; 404 where a case has none."""
        service = state.model(case).service
        if not isinstance(service, Finding):
            raise Problem(404, f"{case}: there is nothing to find in; its rows name no items")
        return _json({"case": case, "found": await run_in_threadpool(service.find, column, text, MOST_FOUND)})

    return find


def _json(content: Any) -> Response:
    return Response(orjson.dumps(content), media_type=JSON, headers={"cache-control": "no-store"})
