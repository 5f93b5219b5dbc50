"""Places of a file of an http source: in a mirror, then where it comes from."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from components.core.passwords import without_login

MIRROR = "CASEBOOK_MIRROR"


@dataclass(frozen=True)
class Place:
    """A folder or an address that files lie below, by their paths."""

    folder: Path | None
    address: str
    is_mirror: bool

    def path(self, name: str) -> Path | None:
        """The file itself, where this is a folder."""
        return self.folder / name if self.folder is not None else None

    def url(self, name: str) -> str:
        return f"{self.address}/{quote(name)}"

    def shown(self, name: str) -> str:
        """As messages have it."""
        return str(self.path(name) or without_login(self.url(name)))


def places(base: str) -> Iterator[Place]:
    """The mirror of the environment, if it names one, and the base itself.

    A mirror, a folder or an address, has a file where its URL says, less the host:
    `https://host/a/b.jpg` is `MIRROR/a/b.jpg`.
    """
    base = base.rstrip("/")
    mirror = os.environ.get(MIRROR, "").rstrip("/")
    below = urlsplit(base).path
    if mirror.startswith(("http://", "https://")):
        yield Place(None, f"{mirror}{below}", is_mirror=True)
    elif mirror:
        folder = Path(mirror.removeprefix("file://")).expanduser()
        yield Place(folder / unquote(below).strip("/"), "", is_mirror=True)
    yield Place(None, base, is_mirror=False)
