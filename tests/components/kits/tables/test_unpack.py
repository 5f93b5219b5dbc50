import gzip
import io
import struct
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from components.core.errors import CasebookError
from components.kits.tables.encoding.reading import Reading
from components.kits.tables.read import read_table
from components.kits.tables.unpack import check_size

ROWS = "name;n\nMüller;1\nKöln;2\n"


def zipped(path: Path, **files: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "windows-1252"])
def test_packed_text_is_read_as_it_would_be_unpacked(tmp_path: Path, encoding: str) -> None:
    content, expected = ROWS.encode(encoding), {"name": ["Müller", "Köln"], "n": ["1", "2"]}
    (tmp_path / "rows.csv.gz").write_bytes(gzip.compress(content[:9]) + gzip.compress(content[9:]))
    zipped(tmp_path / "rows.zip", **{"rows/": b"", "rows/a.csv": content, "__MACOSX/rows/._a.csv": b"x"})
    for name in ("rows.csv.gz", "rows.zip"):
        assert read_table(tmp_path / name).to_dict("list") == expected


def test_packed_parquet_keeps_its_types(tmp_path: Path) -> None:
    content = io.BytesIO()
    pd.DataFrame({"n": [1, 2]}).to_parquet(content)
    assert read_table(zipped(tmp_path / "rows.zip", a=content.getvalue()))["n"].tolist() == [1, 2]


def test_several_files_and_none_are_named(tmp_path: Path) -> None:
    with pytest.raises(CasebookError, match=r"two\.zip: a zip archive of 2 files, not of one: a\.csv, b\.csv"):
        read_table(zipped(tmp_path / "two.zip", **{"a.csv": b"", "b.csv": b""}))
    with pytest.raises(CasebookError, match="of 0 files"):
        read_table(zipped(tmp_path / "none.zip"))


def test_no_more_is_unpacked_than_the_params_allow(tmp_path: Path) -> None:
    large = b"a;b\n" + b"1;2\n" * 500_000
    (tmp_path / "rows.csv.gz").write_bytes(gzip.compress(large))
    zipped(tmp_path / "rows.zip", a=large)
    for name in ("rows.csv.gz", "rows.zip"):
        with pytest.raises(CasebookError, match=rf"{name}: unpacks to more than the 1 MB of prepare\.read\.megabytes"):
            read_table(tmp_path / name, Reading(megabytes=1))
        assert len(read_table(tmp_path / name, Reading(megabytes=3))) == 500_000


def test_a_workbook_that_lies_about_its_size_is_not_opened(tmp_path: Path) -> None:
    path = zipped(tmp_path / "rows.xlsx", **{"xl/workbook.xml": b"<x>" * 1_000_000})
    content = bytearray(path.read_bytes())
    central = content.index(b"PK\x01\x02")
    content[central + 24 : central + 28] = struct.pack("<I", 3)  # what it says that it unpacks to
    path.write_bytes(content)
    with pytest.raises(CasebookError, match="unpacks to more than the 2 MB"):
        check_size(path, Reading(megabytes=2))
    check_size(path, Reading(megabytes=4))
