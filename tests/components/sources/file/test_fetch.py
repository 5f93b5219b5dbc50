"""A user's file arrives byte for byte, or the message says why not."""

import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from pydantic import ValidationError

from components.core.errors import CasebookError
from components.core.params.source import FileSource
from components.sources.file.fetch import fetch

ROWS = "年龄;état\r\n30;bon\r\n".encode()
ROOT = Path(__file__).parents[4]


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "raw"
    path.mkdir()
    return path


def source(path: object, to: str = "rows.csv", digest: str | None = None) -> FileSource:
    return FileSource(
        kind="file",
        path=str(path),
        watch=str(path),
        to=to,
        sha256=digest,
        beside={},
        licence="own",
        citation="own",
    )


def refused(wanted: FileSource, folder: Path, root: Path) -> str:
    with pytest.raises(CasebookError) as error:
        fetch(wanted, folder, root)
    return str(error.value)


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".txt", ".parquet"])
def test_a_relative_path_counts_from_the_root_and_bytes_and_time_stay(suffix, tmp_path, folder):
    path = tmp_path / "my rows" / f"in{suffix}"
    path.parent.mkdir()
    path.write_bytes(ROWS)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    fetch(source(f"my rows/in{suffix}", f"rows{suffix}"), folder, tmp_path)
    assert (folder / f"rows{suffix}").read_bytes() == ROWS
    assert (folder / f"rows{suffix}").stat().st_mtime == 1_700_000_000


def test_an_absolute_path_and_one_in_the_home_folder(tmp_path, folder, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "in.CSV").write_bytes(ROWS)
    fetch(source(tmp_path / "in.CSV"), folder, Path("/nowhere"))
    fetch(source("~/in.CSV", "other.csv"), folder, Path("/nowhere"))
    assert [path.read_bytes() for path in folder.iterdir()] == [ROWS, ROWS]


def test_a_large_file_is_copied_whole(tmp_path, folder):
    content = os.urandom(3 * (1 << 20) + 17)  # three chunks and a rest
    (tmp_path / "in.csv").write_bytes(content)
    fetch(source("in.csv", digest=sha256(content).hexdigest()), folder, tmp_path)
    assert (folder / "rows.csv").read_bytes() == content


def test_another_digest_is_refused(tmp_path, folder):
    (tmp_path / "in.csv").write_bytes(ROWS)
    message = refused(source("in.csv", digest="0" * 64), folder, tmp_path)
    assert f"in.csv: expected sha256 {'0' * 64}, found {sha256(ROWS).hexdigest()}" in message


def test_an_empty_file_is_told(tmp_path, folder):
    (tmp_path / "in.csv").touch()
    assert f"{tmp_path / 'in.csv'}: empty file (0 bytes)" in refused(source("in.csv"), folder, tmp_path)


def test_a_missing_file_is_told_with_its_whole_path(tmp_path, folder):
    assert f"{tmp_path / 'in.csv'}: not found" in refused(source("in.csv"), folder, tmp_path)


def test_a_folder_is_told(tmp_path, folder):
    (tmp_path / "in.csv").mkdir()
    assert "in.csv: a folder" in refused(source("in.csv"), folder, tmp_path)


def test_a_pipe_is_told_and_not_waited_for(tmp_path, folder):
    os.mkfifo(tmp_path / "in.csv")
    assert "in.csv: not a regular file" in refused(source("in.csv"), folder, tmp_path)


@pytest.mark.parametrize("name", ["in.bmp", "in.csv.exe", "in"])
def test_an_unknown_suffix_is_told(tmp_path, folder, name):
    (tmp_path / name).write_bytes(ROWS)
    message = refused(source(name), folder, tmp_path)
    assert f"suffix {Path(name).suffix!r} is none of .csv, .tsv, .txt, " in message


def test_the_suffix_may_not_change(tmp_path, folder):
    (tmp_path / "in.parquet").write_bytes(ROWS)
    assert "to: 'rows.csv' must end with .parquet" in refused(source("in.parquet"), folder, tmp_path)


@pytest.mark.parametrize("to", ["../rows.csv", "", "source.json", ".csv"])
def test_a_target_outside_the_folder_is_refused(tmp_path, folder, to):
    (tmp_path / "in.csv").write_bytes(ROWS)
    assert "is not a plain file name" in refused(source("in.csv", to), folder, tmp_path)
    assert list(folder.iterdir()) == []


def test_a_name_that_the_disk_cannot_hold_is_told(tmp_path, folder):
    assert "File name too long" in refused(source("x" * 300 + ".csv"), folder, tmp_path)


# Root reads every file, so a test as root hands over to another user after its imports.
AS_ANOTHER_USER = """
import os, sys
from pathlib import Path
from components.core.errors import CasebookError
from components.core.params.source import FileSource
from components.sources.file.fetch import fetch
os.chdir(sys.argv[1])
if os.geteuid() == 0:
    os.setuid(65534)
try:
    fetch(FileSource.model_validate_json(sys.argv[2]), Path("raw"), Path())
except CasebookError as error:
    print(error)
"""


@pytest.mark.parametrize("closed", ["in/in.csv", "in"])
def test_an_unreadable_file_is_told(tmp_path, folder, closed):
    path = tmp_path / "in" / "in.csv"
    path.parent.mkdir()
    path.write_bytes(ROWS)
    tmp_path.chmod(0o755)
    folder.chmod(0o777)
    (tmp_path / closed).chmod(0)
    command = [sys.executable, "-c", AS_ANOTHER_USER, tmp_path, source("in/in.csv").model_dump_json()]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    (tmp_path / closed).chmod(0o755)
    assert "in/in.csv: cannot be copied to raw: Permission denied" in said


def with_beside(path: str, beside: dict[str, str | None], watch: str) -> FileSource:
    return FileSource(
        kind="file", path=path, watch=watch, to="rows.csv", sha256=None, beside=beside, licence="own", citation="own"
    )


def test_files_beside_it_come_along_under_their_names(tmp_path, folder):
    for name in ("in.csv", "users.csv", "items.parquet"):
        (tmp_path / name).write_bytes(name.encode())
    digest = sha256(b"users.csv").hexdigest()
    fetch(with_beside("in.csv", {"users.csv": digest, "items.parquet": None}, "."), folder, tmp_path)
    found = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert found == {"rows.csv": b"in.csv", "users.csv": b"users.csv", "items.parquet": b"items.parquet"}


@pytest.mark.parametrize(
    ("beside", "said"),
    [
        ({"users.csv": "0" * 64}, "users.csv: expected sha256 0000"),
        ({"nobody.csv": None}, "nobody.csv: not found"),
        ({"rows.csv": None}, "'rows.csv' is the name that in.csv gets"),
        ({"../in.csv": None}, "not a plain file name"),
    ],
)
def test_a_file_beside_that_does_not_fit_is_named(tmp_path, folder, beside, said):
    for name in ("in.csv", "users.csv"):
        (tmp_path / name).write_bytes(ROWS)
    assert said in refused(with_beside("in.csv", beside, "."), folder, tmp_path)


def test_files_beside_are_watched_with_their_folder():
    with pytest.raises(ValidationError, match="watch must be 'mine'"):
        with_beside("mine/in.csv", {"users.csv": None}, "mine/in.csv")
