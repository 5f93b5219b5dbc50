"""Prefect's server behind a check of who is asked: `python -m pipelines.servers.guard`.

Prefect looks at neither `Host` nor, for websockets, `Origin`. Its application is served here as `prefect server start`
serves it, with the same settings; requests that the server makes of itself, in its own process, do not pass the check.
"""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pipelines.servers.names import Name, own, parse
from pipelines.servers.settings import read_settings

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

log = logging.getLogger(__name__)

# What a probe asks of an address: it learns that the server is there.
HEALTH = ("/api/health", "/api/ready")
REFUSED = (b"403: the servers answer their own names only; CASEBOOK_ALLOWED_HOSTS lists further ones\n", b"text/plain")


class OwnNames:
    """An application that answers requests of the given names, and of pages that lie under one of them, and no others.

    `listed` are names that may also stand in `Origin` beside another `Host`, as behind a proxy. Others are
    told what is `refused`, a body and its type.
    """

    def __init__(
        self, app: "ASGIApp", names: Sequence[Name], listed: Sequence[Name], refused: tuple[bytes, bytes] = REFUSED
    ) -> None:
        self.app, self.names, self.listed, self.refused = app, names, listed, refused

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        if scope["type"] == "lifespan" or self._admits(scope):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})  # before it is accepted: a 403
        else:
            told, kind = self.refused
            headers = [(b"content-type", kind), (b"content-length", str(len(told)).encode())]
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            await send({"type": "http.response.body", "body": told})

    def _admits(self, scope: "Scope") -> bool:
        if scope["type"] == "http" and scope["path"] in HEALTH and scope["method"] in ("GET", "HEAD"):
            return True
        asked = _only(scope, b"host")
        host = parse(asked) if asked else None
        if host is None or not any(name.covers(host) for name in self.names):
            log.warning(
                "refused: Host %r is none of this server's names; CASEBOOK_ALLOWED_HOSTS lists further ones", asked
            )
            return False
        origin = _only(scope, b"origin")
        if origin == "":
            return True
        page = _page(origin) if origin is not None else None
        if page is None or not (page == host or any(name.covers(page) for name in self.listed)):
            log.warning("refused: a page of %r asked; CASEBOOK_ALLOWED_HOSTS lists the names of pages", origin)
            return False
        return True


def _only(scope: "Scope", name: bytes) -> str | None:
    """The value of a header: empty where there is none, None where there are several."""
    found = [value for key, value in scope["headers"] if key.lower() == name]
    if not found:
        return ""
    return found[0].decode("latin-1") if len(found) == 1 else None


def _page(origin: str) -> Name | None:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return None
    return parse(parts.netloc) if parts.scheme in ("http", "https") else None


def guard(app: "ASGIApp") -> OwnNames:
    """The check with the names of the environment's settings."""
    settings = read_settings()
    return OwnNames(app, (*own(settings.host), *settings.names), settings.names)


def main() -> None:
    """Serve until told to end."""
    import uvicorn
    from prefect.server.api.server import create_app
    from prefect.settings import get_current_settings

    settings = get_current_settings().server
    uvicorn.run(
        guard(create_app(final=True)),
        host=settings.api.host,
        port=settings.api.port,
        timeout_keep_alive=settings.api.keepalive_timeout,
        ws_ping_interval=settings.api.websocket_ping_interval,
        ws_ping_timeout=settings.api.websocket_ping_timeout,
        log_level=settings.logging_level.lower(),
    )


if __name__ == "__main__":
    main()
