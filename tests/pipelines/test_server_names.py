"""Which names a server answers to, and what it says to requests of others."""

import asyncio
import socket
from typing import Any

import httpx
import pytest
from mlflow.server.security_utils import is_allowed_host_header, should_block_cors_request
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from components.core.errors import CasebookError
from pipelines.servers.guard import OwnNames
from pipelines.servers.names import Name, origins, own, parse, patterns, stated

LISTED = stated("team.example, prefect.team.example:8443")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("localhost", Name("localhost", None)),
        ("Team.Example:4200", Name("team.example", 4200)),
        ("[::1]:4200", Name("::1", 4200)),
        ("[::1]", Name("::1", None)),
        ("0:0:0:0:0:0:0:1", Name("::1", None)),
        ("127.0.0.1:1", Name("127.0.0.1", 1)),
        ("", None),
        ("*", None),
        ("*.example", None),
        ("a:b", None),
        ("a:0", None),
        ("a:65536", None),
        ("a:", None),
        ("[a]", None),
        ("a/b", None),
        ("user@a", None),
        ("a..b", None),
        ("a b", None),
        ("127.0.0.1:4200.evil.example", None),
    ],
)
def test_a_name_is_read_as_requests_write_it(text: str, name: Name | None) -> None:
    assert parse(text) == name


@pytest.mark.parametrize("entry", ["*", "http://team.example", "team.example/x", "team.example:http"])
def test_what_is_no_name_is_named(entry: str) -> None:
    with pytest.raises(CasebookError, match=r"CASEBOOK_ALLOWED_HOSTS: .* is no name of a host"):
        stated(f"fine.example,{entry}")


def test_own_names_are_loopbacks_and_where_it_listens() -> None:
    def of(host: str) -> set[str]:
        return {name.host for name in own(host)}

    assert of("127.0.0.1") == {"localhost", "127.0.0.1", "::1"}
    assert of("team.example") == {"localhost", "127.0.0.1", "::1", "team.example"}
    assert socket.gethostname().lower() in of("0.0.0.0")  # noqa: S104
    assert {"0.0.0.0", "::"} & of("::") == set()  # noqa: S104


def test_mlflow_understands_the_list() -> None:
    allowed = patterns((*own("127.0.0.1"), *LISTED)).split(",")
    for host in ("localhost:5000", "127.0.0.1:5000", "[::1]:5000", "team.example", "prefect.team.example:8443"):
        assert is_allowed_host_header(allowed, host), host
    for host in ("evil.example:5000", "192.168.evil.example", "10.0.0.1", "prefect.team.example", "x.team.example", ""):
        assert not is_allowed_host_header(allowed, host), host
    pages = origins((*own("127.0.0.1"), *LISTED), 5000).split(",")
    for page in ("http://team.example:5000", "https://team.example", "https://prefect.team.example:8443"):
        assert not should_block_cors_request(page, "POST", pages), page
    assert should_block_cors_request("https://evil.example", "POST", pages)
    assert origins(own("127.0.0.1"), 5000) == ""


async def reached(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"reached {request.url.path}")


async def connected(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text("connected")
    await websocket.close()


def guarded() -> OwnNames:
    paths = ("/", "/api/health", "/api/ready", "/api/flows/", "/api/health/x")
    routes: list[Any] = [Route(path, reached, methods=["GET", "POST"]) for path in paths]
    app = Starlette(routes=[*routes, WebSocketRoute("/api/events/in", connected)])
    return OwnNames(app, (*own("127.0.0.1"), *LISTED), LISTED)


def asked(host: str | None, path: str = "/api/flows/", method: str = "POST", **more: str) -> int:
    """The status of one request with that `Host`, or with none."""

    async def ask() -> int:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(guarded()), base_url="http://127.0.0.1:4200") as one:
            request = one.build_request(method, path, headers={} if host is None else {"Host": host, **more})
            if host is None:
                del request.headers["Host"]
            return (await one.send(request)).status_code

    return asyncio.run(ask())


@pytest.mark.parametrize("host", ["127.0.0.1:4200", "localhost:4200", "[::1]:4200", "team.example", "Team.example:80"])
def test_own_names_are_answered(host: str) -> None:
    assert asked(host) == 200
    assert asked(host, Origin=f"http://{host}") == 200


@pytest.mark.parametrize(
    "host", [None, "evil.example", "evil.example:4200", "127.0.0.1.evil.example", "10.0.0.1", "localhost:4200@evil", ""]
)
def test_others_are_refused_but_for_the_health(host: str | None) -> None:
    assert asked(host) == 403
    assert asked(host, "/", "GET") == 403
    assert asked(host, "/api/health/x", "GET") == 403
    assert asked(host, "/api/health", "POST") == 403
    assert asked(host, "/api/health", "GET") == asked(host, "/api/ready", "GET") == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "http://localhost:9999", "null", "http://", "file://x"])
def test_pages_of_others_are_refused(origin: str) -> None:
    assert asked("localhost:4200", Origin=origin) == 403
    assert asked("localhost:4200", Origin="https://prefect.team.example:8443") == 200  # a proxy that keeps no Host


def said_to(**scope: Any) -> list[dict[str, Any]]:
    """What is answered to a connection whose head is this."""
    said: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        said.append(message)

    asyncio.run(guarded()({"query_string": b"", "root_path": "", **scope}, receive, send))
    return said


def test_two_hosts_are_none() -> None:
    headers = [(b"host", b"localhost"), (b"host", b"evil.example")]
    assert said_to(type="http", path="/", method="GET", headers=headers)[0]["status"] == 403


def test_websockets_are_asked_the_same() -> None:
    mine, other = (b"host", b"127.0.0.1:4200"), (b"origin", b"http://evil.example")
    for headers, answer in (
        ([mine], "websocket.accept"),
        ([mine, (b"origin", b"http://127.0.0.1:4200")], "websocket.accept"),
        ([mine, other], "websocket.close"),
        ([(b"host", b"evil.example")], "websocket.close"),
    ):
        assert said_to(type="websocket", path="/api/events/in", headers=headers)[0]["type"] == answer
