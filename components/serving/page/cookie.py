"""The token as a cookie, for people: asked once, kept by the browser, sent by this server's own pages alone."""

import hashlib
import hmac
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

NAME = "casebook"
DAYS = 30
OWN = (b"same-origin", b"none")  # who asks, as browsers say it: a page of ours, or a person who typed the address
Headers = Iterable[tuple[bytes, bytes]]


def proof_of(token: str) -> str:
    """What the cookie holds: it opens this server as long as its token stays, and does not tell the token."""
    return hmac.new(token.encode(), b"casebook serve, cookie", hashlib.sha256).hexdigest()


def set_cookie(token: str | None, *, secure: bool) -> str:
    """The header's value; without a token the one that has the browser forget."""
    value, age = (proof_of(token), DAYS * 86400) if token is not None else ("", 0)
    said = f"{NAME}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Strict"
    return f"{said}; Secure" if secure else said


def admits(headers: Headers, token: str) -> bool:
    """Whether the request has the cookie, and comes from a page of this server.

    SameSite keeps it from other sites, but another port of this machine is the same site to a browser: what browsers
    say of where a request comes from must name this server, too.
    """
    found = dict(headers)
    if b"cookie" not in found or found.get(b"sec-fetch-site", b"none") not in OWN:
        return False
    origin = found.get(b"origin")
    if origin is not None and urlsplit(origin.decode("latin-1")).netloc != found.get(b"host", b"").decode("latin-1"):
        return False
    try:
        morsel = SimpleCookie(found[b"cookie"].decode("latin-1")).get(NAME)
    except CookieError:
        return False
    return morsel is not None and hmac.compare_digest(morsel.value.encode(), proof_of(token).encode())
