"""Many files arrive whole and right from a server that is real, and from ones that are not well."""

from hashlib import sha256

import pytest
from pydantic import ValidationError

from components.core.errors import CasebookError
from components.core.files import read_json
from components.sources.fetch import fetch
from tests.components.sources.http.fetching import CONTENT, got, refused, url
from tests.components.sources.http.server import source, write_manifest


def test_all_files_arrive_and_source_json_says_from_where(root, server):
    assert got(root, server) == CONTENT
    assert read_json(root / "raw" / "toy" / "source.json") == {
        "kind": "http",
        "base": f"{server.base}/data/v1",
        "manifest": "files.sha256",
        "licence": "CC0",
        "citation": "made by a test",
        "files": {
            name: {"sha256": sha256(content).hexdigest(), "bytes": len(content)} for name, content in CONTENT.items()
        },
    }


def test_what_is_here_is_not_asked_for_again(root, server):
    got(root, server)
    before = len(server.asked)
    more = server.add("/data/v1/more.jpg", b"more")
    write_manifest(root / "files.sha256", {**CONTENT, "more.jpg": more})
    assert got(root, server) == {**CONTENT, "more.jpg": more}
    assert [path for path, _ in server.asked[before:]] == ["/data/v1/more.jpg"]


def test_a_kept_file_that_was_changed_is_fetched_anew(root, server):
    got(root, server)
    kept = root / "state" / "http" / sha256(CONTENT["boxes.xml"]).hexdigest()
    kept.write_bytes(b"another")  # the raw folder's file is the same one
    assert got(root, server) == CONTENT


def test_equal_files_are_brought_once(root, server):
    twice = {"a.jpg": b"same", "b.jpg": b"same"}
    server.files |= {url(name): content for name, content in twice.items()}
    write_manifest(root / "files.sha256", twice)
    assert got(root, server) == twice
    assert len(server.asked) == 1


@pytest.mark.parametrize("fault", ["break", "long"])
def test_a_broken_download_goes_on_where_it_was(root, server, fault):
    name = "images/one two.jpg"
    server.faults[url(name)] = [fault]
    assert got(root, server) == CONTENT
    first, second = server.ranges_of(url(name))
    assert first is None
    size = len(CONTENT[name])
    assert second == f"bytes={size // 2 if fault == 'break' else size}-"


def test_it_may_break_off_more_often_than_it_is_retried_if_each_time_brings_more(root, server):
    name = "images/one two.jpg"
    server.faults[url(name)] = ["break"] * 6
    assert got(root, server, retries=1) == CONTENT
    assert len(server.ranges_of(url(name))) == 7


def test_a_server_that_breaks_off_and_ignores_ranges_is_given_up(root, server):
    name = "images/one two.jpg"
    server.ranges = False
    server.faults[url(name)] = ["break"] * 9
    told = refused(root, server)
    assert f"{name}: {server.base}/data/v1/images/one%20two.jpg: broke off 3 times after 150000 bytes" in told
    assert "stay for the next run" in told


def test_a_server_that_ignores_ranges_starts_over(root, server):
    name = "images/one two.jpg"
    server.ranges = False
    server.faults[url(name)] = ["break"]
    assert got(root, server) == CONTENT


@pytest.mark.parametrize("fault", ["no length", "no number"])
def test_a_server_that_states_no_length_is_taken_at_its_bytes(root, server, fault):
    server.faults[url("images/one two.jpg")] = [fault]
    assert got(root, server) == CONTENT


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_a_busy_server_is_asked_again(root, server, status):
    server.faults[url("boxes.xml")] = [status, status]
    assert got(root, server) == CONTENT
    assert len(server.ranges_of(url("boxes.xml"))) == 3


def test_a_server_that_stays_busy_is_told(root, server):
    server.faults[url("boxes.xml")] = [500] * 9
    assert "boxes.xml: HTTP 500 Internal Server Error" in refused(root, server)
    assert len(server.ranges_of(url("boxes.xml"))) == 3


def test_a_missing_file_is_told_at_once(root, server):
    del server.files[url("boxes.xml")]
    told = refused(root, server)
    assert f"boxes.xml: {server.base}/data/v1/boxes.xml: HTTP 404 Not Found" in told
    assert "source.base and files.sha256" in told
    assert "CASEBOOK_MIRROR" in told
    assert len(server.ranges_of(url("boxes.xml"))) == 1


def test_another_file_than_the_pinned_one_is_told(root, server):
    server.files[url("boxes.xml")] = b"<another/>"
    wanted, found = (sha256(content).hexdigest() for content in (CONTENT["boxes.xml"], b"<another/>"))
    assert f"boxes.xml: expected sha256 {wanted}, found {found} in its 10 bytes" in refused(root, server)


def test_a_length_that_is_too_short_cuts_a_file_which_its_digest_shows(root, server):
    server.faults[url("images/ü.jpg")] = ["short"] * 9
    assert "in its 4993 bytes" in refused(root, server)


def test_part_of_another_file_is_no_beginning(root, server):
    name = "images/one two.jpg"
    part = root / "state" / "http" / f"{sha256(CONTENT[name]).hexdigest()}.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"x" * 1000)
    assert got(root, server) == CONTENT
    assert server.ranges_of(url(name)) == ["bytes=1000-", None]


def test_a_part_that_is_longer_than_the_file_is_no_beginning(root, server):
    part = root / "state" / "http" / f"{sha256(CONTENT['boxes.xml']).hexdigest()}.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"x" * 1000)
    assert got(root, server) == CONTENT


def test_a_whole_part_needs_nothing_more(root, server):
    name = "images/one two.jpg"
    part = root / "state" / "http" / f"{sha256(CONTENT[name]).hexdigest()}.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(CONTENT[name])
    assert got(root, server) == CONTENT
    assert len(server.ranges_of(url(name))) == 1


def test_nobody_there_is_told(root):
    with pytest.raises(CasebookError) as error:
        fetch(source("http://127.0.0.1:9/x", retries=0), root / "raw" / "toy", root, root / "state")
    assert "http://127.0.0.1:9/x/" in str(error.value)
    assert "Connection refused" in str(error.value)


def test_a_server_that_says_nothing_is_told(root, server):
    server.faults[url("images/one two.jpg")] = ["stall"] * 9
    server.ranges = False
    told = refused(root, server, timeout=0.3, retries=0)
    assert "broke off 1 times after 150000 bytes: " in told


def test_a_failure_leaves_the_old_folder_and_keeps_what_came(root, server):
    got(root, server)
    write_manifest(root / "files.sha256", {**CONTENT, "gone.jpg": b"gone"})
    with pytest.raises(CasebookError, match=r"gone\.jpg.* 4 of 5 files are here"):
        got(root, server, connections=1)
    assert (root / "raw" / "toy" / "boxes.xml").read_bytes() == CONTENT["boxes.xml"]


# Params


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"base": "ftp://host/x"}, "base"),
        ({"base": "https://host/x?y=1"}, "base"),
        ({"watch": "other"}, "watch must be 'files.sha256'"),
        ({"connections": 0}, "connections"),
        ({"retries": -1}, "retries"),
        ({"timeout": 0.0}, "timeout"),
    ],
)
def test_params_that_cannot_be_are_refused(changes, told):
    with pytest.raises(ValidationError, match=told):
        source(**{"base": "http://host/x", **changes})
