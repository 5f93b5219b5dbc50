"""A real server with files, and a folder with their manifest."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from components.sources.http import download
from tests.components.sources.http.fetching import CONTENT, url
from tests.components.sources.http.server import Server, serving, write_manifest


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "BACKOFF", 0.01)


@pytest.fixture
def server() -> Iterator[Server]:
    """All of CONTENT below /data/v1."""
    with serving() as state:
        for name, content in CONTENT.items():
            state.add(url(name), content)
        yield state


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_manifest(tmp_path / "files.sha256", CONTENT)
    return tmp_path
