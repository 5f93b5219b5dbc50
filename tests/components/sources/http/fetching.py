"""What the servers of these tests have, and a fetch of it."""

import os
from pathlib import Path
from urllib.parse import quote

import pytest

from components.core.errors import CasebookError
from components.sources.fetch import fetch
from tests.components.sources.http.server import Server, source

CONTENT = {
    "images/one two.jpg": os.urandom(300_000),
    "images/ü.jpg": os.urandom(5000),
    "boxes.xml": b"<annotation/>",
    "empty.txt": b"",
}


def url(name: str) -> str:
    return f"/data/v1/{quote(name)}"


def got(root: Path, server: Server, **changes: object) -> dict[str, bytes]:
    """Fetch; the raw folder's files but source.json."""
    base = str(changes.pop("base", f"{server.base}/data/v1"))
    fetch(source(base, **changes), root / "raw" / "toy", root, root / "state")
    found = {path for path in (root / "raw" / "toy").rglob("*") if path.is_file() and path.name != "source.json"}
    return {path.relative_to(root / "raw" / "toy").as_posix(): path.read_bytes() for path in found}


def refused(root: Path, server: Server, **changes: object) -> str:
    with pytest.raises(CasebookError) as error:
        got(root, server, **changes)
    assert not (root / "raw" / "toy").exists()
    assert [*(root / "raw").glob(".toy*")] == [], "half a folder was left"
    return str(error.value)
