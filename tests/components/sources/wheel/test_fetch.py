"""Members of a package arrive byte for byte, or the message says why not."""

import os
import sys
import zipfile
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pandas as pd
import pytest

from components.core.errors import CasebookError
from components.core.params.source import Limits, Package
from components.sources.wheel.fetch import fetch

ROWS = b"age,status\n30,good\n41,bad\n"
NOTES = "资料 · ünïcode\r\n".encode()


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "raw"
    path.mkdir()
    return path


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


def in_cache(cache: Path, kind: str = "wheel") -> Path:
    """Where the archive of `rows==1.0` is kept, so that a test without it need not ask pip."""
    return cache / "rows==1.0" / kind


def test_members_of_a_wheel_keep_their_bytes_and_times(make, links, folder, cache):
    make.wheel(links, {"rows/_data/rows.csv": ROWS, "rows/notes.txt": NOTES, "rows/__init__.py": b"boom"})
    fetch(
        make.source(make.member("rows/_data/rows.csv", ROWS), make.member("rows/notes.txt", NOTES, "n.md")),
        folder,
        cache,
    )
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"rows.csv": ROWS, "n.md": NOTES}
    assert datetime.fromtimestamp((folder / "rows.csv").stat().st_mtime, UTC) == datetime(
        2024, 6, 19, 15, 4, 42, tzinfo=UTC
    )
    assert "rows" not in sys.modules


def test_a_source_of_several_packages_takes_members_of_each(make, links, folder, cache):
    make.wheel(links, {"rows.csv": ROWS})
    make.sdist(links, {"notes.txt": NOTES}, version="2.0")
    further = Package(requirement="rows==2.0", archive="sdist", members=(make.member("notes.txt", NOTES),))
    fetch(make.source(make.member("rows.csv", ROWS), further=(further,)), folder, cache)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"rows.csv": ROWS, "notes.txt": NOTES}


def test_two_packages_need_two_names(make, folder, cache):
    further = Package(requirement="rows==2.0", archive="sdist", members=(make.member("b", ROWS, "rows.csv"),))
    with pytest.raises(CasebookError, match=r"two members have to: rows\.csv"):
        fetch(make.source(make.member("a", ROWS, "rows.csv"), further=(further,)), folder, cache)


def test_a_second_fetch_downloads_nothing(make, links, folder, cache):
    archive = make.wheel(links, {"rows.csv": ROWS})
    source = make.source(make.member("rows.csv", ROWS))
    fetch(source, folder, cache)
    archive.unlink()
    (folder / "rows.csv").unlink()
    fetch(source, folder, cache)
    assert (folder / "rows.csv").read_bytes() == ROWS


def test_an_sdist_is_read_below_its_top_folder_and_not_run(make, links, folder, cache, tmp_path):
    marker = tmp_path / "setup.py-has-run"
    setup = f"open({str(marker)!r}, 'w')\nfrom setuptools import setup\nsetup(name='rows', version='1.0')\n".encode()
    make.sdist(links, {"rows/tag/199801.txt": NOTES, "setup.py": setup})
    fetch(make.source(make.member("rows/tag/199801.txt", NOTES), archive="sdist"), folder, cache)
    assert (folder / "199801.txt").read_bytes() == NOTES
    assert (folder / "199801.txt").stat().st_mtime == make.sdist_time
    assert not marker.exists()


def test_a_pickle_becomes_parquet(make, folder, cache):
    frame = pd.DataFrame({"age": [30, 41], "status": ["good", "bad"]}, index=[7, 9])
    frame.to_pickle(folder / "frame.pkl")
    pickled = (folder / "frame.pkl").read_bytes()
    (folder / "frame.pkl").unlink()
    make.wheel(in_cache(cache), {"rows/frame.pkl": pickled})
    fetch(make.source(make.member("rows/frame.pkl", pickled, "rows.parquet", "pickle")), folder, cache)
    pd.testing.assert_frame_equal(pd.read_parquet(folder / "rows.parquet"), frame.reset_index(drop=True))
    assert [path.name for path in folder.iterdir()] == ["rows.parquet"]


def test_another_digest_is_refused(make, folder, cache):
    make.wheel(in_cache(cache), {"rows.csv": ROWS})
    with pytest.raises(CasebookError) as error:
        fetch(make.source(make.member("rows.csv", b"pinned")), folder, cache)
    message = str(error.value)
    assert f"expected sha256 {sha256(b'pinned').hexdigest()}, found {sha256(ROWS).hexdigest()}" in message
    assert "rows-1.0-py3-none-any.whl: rows.csv" in message
    assert str(in_cache(cache)) in message


def test_a_missing_member_is_answered_with_the_close_ones(make, folder, cache):
    make.wheel(in_cache(cache), {"rows/_data/credit/credit_data.csv": ROWS, "rows/elsewhere/credit.csv": ROWS})
    with pytest.raises(CasebookError) as error:
        fetch(make.source(make.member("rows/_data/credit_data.csv", ROWS)), folder, cache)
    assert "no member 'rows/_data/credit_data.csv' among its 5 files" in str(error.value)
    assert "close to it: rows/_data/credit/credit_data.csv" in str(error.value)


def test_a_missing_member_with_no_like_is_answered_with_examples(make, folder, cache):
    make.wheel(in_cache(cache), {"a.csv": ROWS, "b.csv": ROWS})
    with pytest.raises(CasebookError, match=r"such as: a\.csv, b\.csv, rows-1\.0\.dist-info/METADATA"):
        fetch(make.source(make.member("ZZZZZZZZZZZZ", ROWS)), folder, cache)


def test_a_folder_of_an_archive_is_no_member(make, folder, cache):
    make.wheel(in_cache(cache), {"rows/": b"", "rows/a.csv": ROWS})
    with pytest.raises(CasebookError, match="no member 'rows/'"):
        fetch(make.source(make.member("rows/", b"", "rows.csv")), folder, cache)


@pytest.mark.parametrize(
    "to",
    [
        "../rows.csv",
        "a/rows.csv",
        "/rows.csv",
        "..",
        ".",
        "",
        ".rows.csv",
        "source.json",
        "a\\b.csv",
        "C:b",
        "a\0b",
    ],
)
def test_a_target_outside_the_folder_is_refused_before_anything_is_downloaded(make, folder, cache, to):
    with pytest.raises(CasebookError, match="is not a plain file name"):
        fetch(make.source(make.member("rows.csv", ROWS, to)), folder, cache)
    assert not cache.exists()


def test_a_member_whose_name_climbs_lands_in_the_folder(make, folder, cache):
    make.wheel(in_cache(cache), {"../../evil.csv": ROWS})
    fetch(make.source(make.member("../../evil.csv", ROWS, "rows.csv")), folder, cache)
    assert [path.name for path in folder.iterdir()] == ["rows.csv"]


def test_two_members_need_two_names(make, folder, cache):
    with pytest.raises(CasebookError, match=r"two members have to: rows\.csv"):
        fetch(make.source(make.member("a", ROWS, "rows.csv"), make.member("b", ROWS, "rows.csv")), folder, cache)


def test_a_pickle_is_not_written_under_another_suffix(make, folder, cache):
    with pytest.raises(CasebookError, match=r"end to: 'rows\.csv' with \.parquet"):
        fetch(make.source(make.member("a.pkl", ROWS, "rows.csv", "pickle")), folder, cache)


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_a_truncated_archive_is_named(make, folder, cache, kind):
    build = make.wheel if kind == "wheel" else make.sdist
    content = os.urandom(100_000)
    archive = build(in_cache(cache, kind), {"rows.bin": content})
    archive.write_bytes(archive.read_bytes()[:50_000])
    with pytest.raises(CasebookError, match=r"rows-1\.0.*: damaged \(.+\); delete it and fetch again"):
        fetch(make.source(make.member("rows.bin", content), archive=kind), folder, cache)


def test_a_flipped_byte_inside_a_wheel_is_named(make, folder, cache):
    archive = make.wheel(in_cache(cache), {"rows.csv": ROWS})
    archive.write_bytes(archive.read_bytes().replace(b"30,good", b"31,good"))
    with pytest.raises(CasebookError, match=r"damaged .*CRC"):
        fetch(make.source(make.member("rows.csv", ROWS)), folder, cache)


FEW = Limits(megabytes=1)


def compressed(path: Path) -> Path:
    """The same wheel, its members deflated."""
    with zipfile.ZipFile(path) as plain:
        entries = {info: plain.read(info) for info in plain.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as smaller:
        for info, content in entries.items():
            smaller.writestr(info, content, zipfile.ZIP_DEFLATED)
    return path


def test_a_member_that_unpacks_to_more_than_the_limit_is_not_unpacked(make, folder, cache):
    bomb = bytes(2_000_000)
    assert compressed(make.wheel(in_cache(cache), {"rows.csv": ROWS, "bomb.bin": bomb})).stat().st_size < 10_000
    fetch(make.source(make.member("rows.csv", ROWS), limits=FEW), folder, cache)  # what is not taken does not count
    with pytest.raises(CasebookError, match=r"bomb\.bin: has more than the 1 MB of source\.limits\.megabytes"):
        fetch(make.source(make.member("bomb.bin", bomb), limits=FEW), folder, cache)
    assert not (folder / "bomb.bin").exists()


def test_members_count_together(make, folder, cache):
    part = bytes(600_000)
    compressed(make.wheel(in_cache(cache), {"a.bin": part, "b.bin": part}))
    with pytest.raises(CasebookError, match=r"b\.bin: has more than the 1 MB"):
        fetch(make.source(make.member("a.bin", part), make.member("b.bin", part), limits=FEW), folder, cache)


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_an_archive_larger_than_the_limit_is_not_opened(make, folder, cache, kind):
    build = make.wheel if kind == "wheel" else make.sdist
    build(in_cache(cache, kind), {"rows.csv": ROWS, "noise.bin": os.urandom(1_100_000)})
    with pytest.raises(CasebookError, match=r"rows-1\.0\S*: has more than the 1 MB"):
        fetch(make.source(make.member("rows.csv", ROWS), archive=kind, limits=FEW), folder, cache)


def test_a_tar_is_gone_through_up_to_the_limit(make, folder, cache):
    archive = make.sdist(in_cache(cache, "sdist"), {"bomb.bin": bytes(5_000_000), "rows.csv": ROWS})
    assert archive.stat().st_size < 10_000
    source = make.source(make.member("rows.csv", ROWS), archive="sdist", limits=FEW)
    with pytest.raises(CasebookError, match=r"rows-1\.0\.tar\.gz: has more than the 1 MB"):
        fetch(source, folder, cache)
    fetch(source.model_copy(update={"limits": Limits(megabytes=6)}), folder, cache)
    assert (folder / "rows.csv").read_bytes() == ROWS
