"""A mirror is asked first: a folder or an address, whole or not."""

import json
import logging
from pathlib import Path

import pytest

from tests.components.sources.http.fetching import CONTENT, got, refused, url
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


def test_a_password_in_an_address_is_in_no_log_no_error_and_no_file(root, server, monkeypatch, caplog):
    caplog.set_level(logging.DEBUG)
    login = "http://ada:canary@"
    with serving() as mirror:
        monkeypatch.setenv("CASEBOOK_MIRROR", f"{mirror.base}/copies".replace("http://", login))
        assert got(root, server, base=f"{server.base}/data/v1".replace("http://", login)) == CONTENT
        assert len(mirror.asked) == len(CONTENT)  # it has none of them
    said = json.loads((root / "raw" / "toy" / "source.json").read_text())
    assert said["base"] == f"{server.base}/data/v1"
    assert "~/.netrc can hold it" in caplog.text
    assert "canary" not in caplog.text
    monkeypatch.setenv("CASEBOOK_MIRROR", f"{login}127.0.0.1:9")
    server.files.clear()
    caplog.clear()
    for kept in (root / "state" / "http").iterdir():
        kept.unlink()
    (root / "raw").rename(root / "before")
    message = refused(root, server, retries=0, base=f"{server.base}/data/v1".replace("http://", login))
    assert "HTTP 404" in message
    assert "canary" not in message + caplog.text
