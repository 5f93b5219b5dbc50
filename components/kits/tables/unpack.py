"""A file of rows as a plain one: unpacked from gzip or zip and written in UTF-8, where it is not."""

import gzip
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

from components.core.errors import CasebookError
from components.core.files import CHUNK
from components.core.params.source import MEGABYTE
from components.kits.tables.charset import UTF8, decoded, find_encoding
from components.kits.tables.encoding.reading import Reading

GZIP, OLD_OFFICE, PARQUET = b"\x1f\x8b", b"\xd0\xcf\x11\xe0", b"PAR1"
ZIP = (b"PK\x03\x04", b"PK\x05\x06")  # with files, and without
MARKED = "utf-8-sig"  # plain enough: the reader passes over the mark
IN_WORKBOOKS = ("xl/workbook.xml", "xl/workbook.bin", "content.xml")  # of Excel's two formats, and of OpenDocument
OTHER_FORMATS = {
    b"BZh91AY&SY": "packed with bzip2",
    b"\xfd7zXZ\0": "packed with xz",
    b"\x28\xb5\x2f\xfd": "packed with Zstandard",
    b"7z\xbc\xaf\x27\x1c": "an archive of 7-Zip",
    b"Rar!\x1a\x07": "an archive of RAR",
    b"%PDF-": "a PDF",
    b"SQLite format 3\0": "a database of SQLite",
}
TAR = (257, b"ustar")  # where it stands in the first block
BESIDE = ("__MACOSX/", ".DS_Store")  # what a Mac puts into its zip archives
DAMAGE = (zipfile.BadZipFile, zlib.error, gzip.BadGzipFile, EOFError, NotImplementedError, RuntimeError, OSError)


@contextmanager
def unpacked(path: Path, reading: Reading) -> Iterator[Path]:
    """Yield the file itself, or what is packed in it as a file that goes again: Parquet, text, or a workbook.

    Raises:
        CasebookError: the archive is damaged or needs a password, holds no file or several, or more than
            `reading.megabytes`.
    """
    packed = first_bytes(path).startswith(GZIP) or (first_bytes(path).startswith(ZIP) and not is_workbook(path))
    if not packed:
        yield path
        return
    with _temporary() as temporary:
        with _damage_told(path):
            _write(_limited_to(_content(path), int(reading.megabytes * MEGABYTE), path, reading), temporary)
        yield Path(temporary.name)


@contextmanager
def in_utf8(file: Path, path: Path, reading: Reading) -> Iterator[Path]:
    """Yield the text of `file`, which came with `path`, as a file in UTF-8, with or without a mark.

    Raises:
        CasebookError: what it is written in is not told, or its bytes do not fit that.
    """
    encoding = find_encoding(file, path, reading.encoding)
    if encoding in (UTF8, MARKED):
        yield file
        return
    with _temporary() as temporary:
        _write(decoded(file, path, encoding), temporary)
        yield Path(temporary.name)


def first_bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(512)


def refuse_other_formats(file: Path, path: Path) -> None:
    """Raises CasebookError if `file`, which came with `path`, is known to be no table."""
    start = first_bytes(file)
    found = [name for magic, name in OTHER_FORMATS.items() if start.startswith(magic)]
    if start[TAR[0] :].startswith(TAR[1]):
        found = ["a tar archive"]
    if found:
        raise CasebookError(
            f"{path}: this is {found[0]}; give the table in it as CSV, Parquet or a workbook, by itself or packed with "
            "gzip or zip"
        )


def is_workbook(path: Path) -> bool:
    """Whether it is a workbook of Excel or OpenDocument, by what is in it."""
    start = first_bytes(path)
    if not start.startswith(ZIP):
        return start.startswith(OLD_OFFICE)
    with _damage_told(path), zipfile.ZipFile(path) as archive:
        return any(name in IN_WORKBOOKS for name in archive.namelist())


def check_size(path: Path, reading: Reading) -> None:
    """The zip archive that a workbook is unpacks to no more than `reading.megabytes`, whatever it says itself.

    Raises:
        CasebookError: it does, or it is damaged.
    """
    if not first_bytes(path).startswith(ZIP):
        return
    left = int(reading.megabytes * MEGABYTE)
    with _damage_told(path), zipfile.ZipFile(path) as archive, path.open("rb") as file:
        for info in archive.infolist():
            left -= sum(map(len, _limited_to(_inflated(file, info), left, path, reading)))


def _inflated(file: IO[bytes], info: zipfile.ZipInfo) -> Iterator[bytes]:
    """The content of an entry. `zipfile` itself stops where the entry says that it ends; other readers go on."""
    file.seek(info.header_offset + 26)
    lengths = file.read(4)
    file.seek(int.from_bytes(lengths[:2], "little") + int.from_bytes(lengths[2:], "little"), 1)
    packed, unpacker = info.compress_size, zlib.decompressobj(-zlib.MAX_WBITS)
    while packed > 0 and (chunk := file.read(min(CHUNK, packed))):
        packed -= len(chunk)
        if info.compress_type == zipfile.ZIP_STORED:
            yield chunk
            continue
        while chunk:
            yield unpacker.decompress(chunk, CHUNK)
            chunk = unpacker.unconsumed_tail


def _only_file(archive: zipfile.ZipFile, path: Path) -> zipfile.ZipInfo:
    files = [info for info in archive.infolist() if not info.is_dir()]
    found = [info for info in files if not any(sign in info.filename for sign in BESIDE)]
    if len(found) != 1:
        names = ", ".join(info.filename for info in found[:5]) or "none"
        raise CasebookError(f"{path}: a zip archive of {len(found)} files, not of one: {names}; unpack it and name one")
    return found[0]


def _content(path: Path) -> Iterator[bytes]:
    """What is packed in a file of gzip, or in a zip archive of one file."""
    with ExitStack() as stack:
        if first_bytes(path).startswith(GZIP):
            content: Any = stack.enter_context(gzip.open(path))
        else:
            archive = stack.enter_context(zipfile.ZipFile(path))
            content = stack.enter_context(archive.open(_only_file(archive, path)))
        yield from iter(lambda: content.read(CHUNK), b"")


def _limited_to(chunks: Iterable[bytes], most: int, path: Path, reading: Reading) -> Iterator[bytes]:
    for chunk in chunks:
        most -= len(chunk)
        if most < 0:
            raise CasebookError(
                f"{path}: unpacks to more than the {reading.megabytes:g} MB of prepare.read.megabytes in params.yaml "
                "and was not read; raise that if it is meant to be so large, or unpack it yourself"
            )
        yield chunk


def _temporary() -> Any:
    """A file of its own, private to the user, that is gone afterwards."""
    return tempfile.NamedTemporaryFile(prefix="casebook-")


def _write(chunks: Iterable[bytes], file: IO[bytes]) -> None:
    for chunk in chunks:
        file.write(chunk)
    file.flush()


@contextmanager
def _damage_told(path: Path) -> Iterator[None]:
    try:
        yield
    except DAMAGE as error:
        reason = " ".join(str(error).split())
        raise CasebookError(
            f"{path}: a file of gzip, a zip archive or a workbook, but damaged or locked ({reason}); write it anew, or "
            "unpack it yourself"
        ) from None
