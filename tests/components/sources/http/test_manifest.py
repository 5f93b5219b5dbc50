"""Lists of digests: `sha256sum`'s own, and all that is none."""

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.core.errors import CasebookError
from components.sources.http.manifest import read_manifest

ONE, TWO = "1" * 64, "2" * 64


def refused(path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CasebookError) as error:
        read_manifest(path)
    return str(error.value)


def test_what_sha256sum_writes_is_read(tmp_path):
    (tmp_path / "a b").mkdir()
    (tmp_path / "a b" / "ü.jpg").write_bytes(b"x")
    (tmp_path / "c.xml").write_bytes(b"")
    for mode in ("--text", "--binary"):
        said = subprocess.run(["sha256sum", mode, "a b/ü.jpg", "c.xml"], cwd=tmp_path, capture_output=True, check=True)
        (tmp_path / "list").write_bytes(said.stdout + b"\n")
        assert read_manifest(tmp_path / "list") == {
            "a b/ü.jpg": "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
            "c.xml": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "names no file"),
        ("\n \n", "names no file"),
        ("hello\n", "line 1: 'hello' is not"),
        (f"{ONE}  a\n{ONE[:-1]}  b\n", "line 2"),
        (f"{ONE} a\n", "line 1"),
        (f"{ONE}  a\n{TWO}  a\n", "line 2: 'a' is there twice"),
        (f"{ONE}  ../a\n", "no path of plain names"),
        (f"{ONE}  /etc/passwd\n", "no path of plain names"),
        (f"{ONE}  a//b\n", "no path of plain names"),
        (f"{ONE}  a\\b\n", "no path of plain names"),
        (f"{ONE}  .hidden/b\n", "no path of plain names"),
        (f"{ONE}  source.json\n", "says where the others are from"),
        (f"{ONE}  a\n{TWO}  a/b\n", "'a/b' lies in what is a file"),
    ],
)
def test_what_is_no_list_is_told_by_its_line(tmp_path, text, told):
    assert told in refused(tmp_path / "list", text)


def test_a_list_that_is_not_there_or_no_text(tmp_path):
    with pytest.raises(CasebookError, match="not found; correct source"):
        read_manifest(tmp_path / "list")
    (tmp_path / "list").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CasebookError, match="cannot be read"):
        read_manifest(tmp_path / "list")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("lists") / "list"


@given(text=st.text(max_size=200), name=st.text(max_size=20))
def test_whatever_is_written_is_read_or_refused_and_never_leaves_the_folder(place, text, name):
    place.write_text(f"{text}\n{ONE}  {name}\n", encoding="utf-8", errors="surrogatepass")
    try:
        found = read_manifest(place)
    except CasebookError:
        return
    raw = place.parent / "raw"
    assert all((raw / one).resolve().is_relative_to(raw.resolve()) and one for one in found)
