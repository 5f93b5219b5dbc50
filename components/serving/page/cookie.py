"""The token as a cookie, for people: asked once, kept by the browser, sent by this server's own pages alone."""

import hashlib
import hmac
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.requests import cookie_parser

DAYS = 30
OWN = (b"same-origin", b"none")  # who asks, as browsers say it: a page of ours, or a person who typed the address
Headers = Iterable[tuple[bytes, bytes]]


def proof_of(token: str) -> str:
    """What the cookie holds: it opens this server as long as its token stays, and does not tell the token."""
    return hmac.new(token.encode(), b"casebook serve, cookie", hashlib.sha256).hexdigest()


def name_of(token: str) -> str:
    """The cookie's name: cookies know no ports, and servers of other tokens on this machine have theirs beside it."""
    return f"casebook-{proof_of(token)[:8]}"


def set_cookie(token: str, *, forget: bool = False, secure: bool) -> str:
    """The header's value, or the one that has the browser forget."""
    value, age = ("", 0) if forget else (proof_of(token), DAYS * 86400)
    said = f"{name_of(token)}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Strict"
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
    # Browsers send the cookies of all ports, of whatever form: one that is none of ours must not hide it.
    given = cookie_parser(found[b"cookie"].decode("latin-1")).get(name_of(token), "")
    return hmac.compare_digest(given.encode(), proof_of(token).encode())
