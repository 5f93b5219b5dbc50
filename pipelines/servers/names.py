"""Names that the servers answer to, whoever asks and from wherever.

A page of a stranger can give its own name the address of this machine (DNS rebinding). Its requests then reach the
servers as those of our own pages do, with any token that these hand out, but still say the page's name in `Host`.
A websocket, which no browser keeps from other pages, says it in `Origin`.
"""

import ipaddress
import os
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from components.core.errors import CasebookError

ALLOWED = "CASEBOOK_ALLOWED_HOSTS"
HOSTS, ORIGINS = "MLFLOW_SERVER_ALLOWED_HOSTS", "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS"
LOOPBACKS = ("localhost", "127.0.0.1", "::1")
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared, not bound
LABELS = re.compile(r"^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$")


@dataclass(frozen=True)
class Name:
    """A host as a request names it: in small letters, an IPv6 address without brackets; `port` None is any port."""

    host: str
    port: int | None

    def covers(self, asked: "Name") -> bool:
        return self.host == asked.host and self.port in (None, asked.port)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"


@lru_cache(maxsize=256)  # requests name the same few
def parse(text: str) -> Name | None:
    """What a `Host` header or an entry of the list says; None if it is neither NAME nor NAME:PORT."""
    host, colon, port = text.strip().lower(), "", ""
    if not host.endswith("]") and (host.count(":") == 1 or host.startswith("[")):
        host, colon, port = host.rpartition(":")
    if colon and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        return None
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
        if ":" not in host:
            return None
    plain = _plain(host)
    return None if plain is None else Name(plain, int(port) if colon else None)


def _plain(host: str) -> str | None:
    """A name as it is, an address in its shortest form."""
    try:
        return ipaddress.ip_address(host).compressed
    except ValueError:
        return host if LABELS.match(host) else None


def stated(text: str) -> tuple[Name, ...]:
    """The names of `CASEBOOK_ALLOWED_HOSTS`, with commas between them.

    Raises:
        CasebookError: one is no name, such as a pattern or an address with a path.
    """
    found = []
    for entry in filter(None, (part.strip() for part in text.split(","))):
        name = parse(entry)
        if name is None:
            raise CasebookError(
                f"{ALLOWED}: {entry!r} is no name of a host; write those by which people and workers call the "
                "servers, such as team.example,prefect.team.example:8443, without http:// and without *"
            )
        found.append(name)
    return tuple(found)


def own(host: str) -> tuple[Name, ...]:
    """The names of a server that listens on `host`: loopback's, and this machine's where others can reach it."""
    names = [*LOOPBACKS]
    if host in EVERYWHERE:
        names += [socket.gethostname().lower(), *_addresses()]
    else:
        names.append(host.lower())
    return tuple(Name(name, None) for name in dict.fromkeys(map(_plain, names)) if name is not None)


def _addresses() -> list[str]:
    import psutil

    found = (address for every in psutil.net_if_addrs().values() for address in every)
    return [one.address.partition("%")[0] for one in found if one.family in (socket.AF_INET, socket.AF_INET6)]


def mlflow_variables(host: str, port: int, listed: tuple[Name, ...]) -> dict[str, str]:
    """What tells MLflow the names; its own default takes `192.168.evil.example` for an address of a local network."""
    names = (*own(host), *listed)
    found = {HOSTS: patterns(names), ORIGINS: origins(names, port)}
    return {name: os.environ.get(name) or value for name, value in found.items() if value}


def patterns(names: Iterable[Name]) -> str:
    """The list in MLflow's words, in which `*` is anything and `[` opens a set of characters."""
    written = []
    for name in names:
        written.append(str(name))
        if name.port is None:
            written.append(f"{str(name).replace('[', '[[]', 1)}:*")
    return ",".join(written)


def origins(names: Iterable[Name], port: int) -> str:
    """The pages of these names, as MLflow compares them with `Origin`; it knows those of loopback."""
    found = []
    for name in names:
        if name.host not in LOOPBACKS:
            ports = ("", f":{port}") if name.port is None else (f":{name.port}",)
            bare = str(Name(name.host, None))
            found += [f"{scheme}://{bare}{one}" for scheme in ("http", "https") for one in ports]
    return ",".join(found)
