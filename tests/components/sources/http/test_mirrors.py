"""A mirror is asked first: a folder or an address, whole or not."""

from pathlib import Path

import pytest

from tests.components.sources.http.fetching import CONTENT, got, url
from tests.components.sources.http.server import serving


def mirrored(folder: Path, names: list[str]) -> Path:
    for name in names:
        path = folder / "data" / "v1" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(CONTENT[name])
    return folder


def test_a_folder_as_mirror_is_enough(root, server, monkeypatch):
    monkeypatch.setenv("CASEBOOK_MIRROR", str(mirrored(root / "mirror", [*CONTENT])))
    assert got(root, server) == CONTENT
    assert server.asked == []


@pytest.mark.parametrize("slash", ["", "/"])
def test_an_address_as_mirror_is_enough(root, server, monkeypatch, slash):
    with serving() as mirror:
        mirror.files = {f"/copies{path}": content for path, content in server.files.items()}
        monkeypatch.setenv("CASEBOOK_MIRROR", f"{mirror.base}/copies{slash}")
        assert got(root, server) == CONTENT
        assert len(mirror.asked) == len(CONTENT)
    assert server.asked == []


def test_what_a_mirror_lacks_comes_from_its_origin_with_a_message(root, server, monkeypatch, caplog):
    folder = mirrored(root / "mirror", ["boxes.xml", "images/ü.jpg"])
    (folder / "data" / "v1" / "images" / "ü.jpg").write_bytes(b"another")
    monkeypatch.setenv("CASEBOOK_MIRROR", str(folder))
    assert got(root, server) == CONTENT
    assert {path for path, _ in server.asked} == {url(name) for name in CONTENT if name != "boxes.xml"}
    first, summed = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert f"taken from {server.base}/data/v1" in first
    assert "3 files are not there, or are others" in summed


def test_a_mirror_that_is_not_reached_is_asked_no_more(root, server, monkeypatch):
    monkeypatch.setenv("CASEBOOK_MIRROR", "http://127.0.0.1:9")
    assert got(root, server, connections=1, retries=0) == CONTENT
