"""Where a URL's file is in a mirror."""

from pathlib import Path

import pytest

from components.sources.http.places import places

BASE = "https://raw.example.org/owner/data%20set/v1/"


@pytest.mark.parametrize(
    ("mirror", "expected"),
    [
        (None, ["https://raw.example.org/owner/data%20set/v1/a%20b/c.jpg"]),
        ("", ["https://raw.example.org/owner/data%20set/v1/a%20b/c.jpg"]),
        ("/srv/mirror/", ["/srv/mirror/owner/data set/v1/a b/c.jpg"]),
        ("file:///srv/mirror", ["/srv/mirror/owner/data set/v1/a b/c.jpg"]),
        ("http://inside:8000/m/", ["http://inside:8000/m/owner/data%20set/v1/a%20b/c.jpg"]),
    ],
)
def test_a_mirror_has_what_follows_the_host(monkeypatch, mirror, expected):
    if mirror is not None:
        monkeypatch.setenv("CASEBOOK_MIRROR", mirror)
    found = [place.shown("a b/c.jpg") for place in places(BASE)]
    assert found[0] == expected[0]
    assert found[-1] == "https://raw.example.org/owner/data%20set/v1/a%20b/c.jpg"


def test_the_home_folder_is_known(monkeypatch):
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.setenv("CASEBOOK_MIRROR", "~/mirror")
    assert next(places("http://host/x")).path("y") == Path("/home/ada/mirror/x/y")
