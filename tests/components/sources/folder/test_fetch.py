"""A folder arrives with all its files, or the message says why not."""

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from components.core.errors import CasebookError
from components.core.files import dvc_md5, read_json
from components.core.params.source import FolderSource
from components.sources.fetch import fetch


def source(path: object, watch: object | None = None) -> FolderSource:
    return FolderSource(
        kind="folder", path=str(path), watch=str(path if watch is None else watch), licence="own", citation="own"
    )


@pytest.fixture(autouse=True)
def lab(tmp_path: Path) -> Path:
    folder = tmp_path / "lab"
    for name, content in {"images/a.jpg": b"a", "images/b.jpg": b"", "boxes.json": b"{}", ".DS_Store": b"x"}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_bytes(b"x")
    return folder


def fetched(wanted: FolderSource, root: Path) -> Path:
    fetch(wanted, root / "raw", root, root / "state")
    return root / "raw"


def test_all_that_is_not_hidden_arrives_at_its_place(tmp_path):
    raw = fetched(source("lab"), tmp_path)
    found = {path.relative_to(raw).as_posix() for path in raw.rglob("*") if path.is_file()}
    assert found == {"images/a.jpg", "images/b.jpg", "boxes.json", "source.json"}
    assert (raw / "images" / "a.jpg").read_bytes() == b"a"
    origin = read_json(raw / "source.json")
    assert (origin["kind"], origin["path"]) == ("folder", "lab")
    assert set(origin["files"]) == found - {"source.json"}


def test_a_copy_of_another_day_is_the_same_data(lab, tmp_path):
    before = dvc_md5(fetched(source("lab"), tmp_path))
    os.utime(lab / "images" / "a.jpg", (1, 1))
    assert dvc_md5(fetched(source("lab"), tmp_path)) == before


def test_links_to_files_are_followed_and_a_circle_is_none(lab, tmp_path):
    (tmp_path / "far.jpg").write_bytes(b"far")
    (lab / "images" / "far.jpg").symlink_to(tmp_path / "far.jpg")
    (lab / "images" / "up").symlink_to(lab)
    raw = fetched(source("lab"), tmp_path)
    assert (raw / "images" / "far.jpg").read_bytes() == b"far"
    assert not (raw / "images" / "far.jpg").is_symlink()
    assert not (raw / "images" / "up").exists()


def test_no_such_folder_an_empty_one_and_a_broken_link_are_told(lab, tmp_path):
    for path in ("nowhere", "lab/boxes.json"):
        with pytest.raises(CasebookError, match="no such folder"):
            fetched(source(path), tmp_path)
    (tmp_path / "empty" / "below").mkdir(parents=True)
    with pytest.raises(CasebookError, match="no file in it"):
        fetched(source("empty"), tmp_path)
    (lab / "gone.jpg").symlink_to(tmp_path / "gone.jpg")
    with pytest.raises(CasebookError, match=r"gone\.jpg: cannot be copied"):
        fetched(source("lab"), tmp_path)


def test_the_name_of_source_json_is_taken(lab, tmp_path):
    (lab / "source.json").write_text("{}")
    with pytest.raises(CasebookError, match=r"source\.json: the name is taken"):
        fetched(source("lab"), tmp_path)


def test_the_folder_itself_is_watched():
    with pytest.raises(ValidationError, match="watch must be 'lab'"):
        source("lab", "lab/images")
