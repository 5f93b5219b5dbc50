"""One view of the two kinds of package archive: a wheel's zip, and an sdist's tar or zip."""

import bz2
import calendar
import gzip
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

from components.core.errors import CasebookError

# What a compressed tar starts with; a bare one starts with the name of its first file.
COMPRESSED: dict[bytes, Callable[[Path], Any]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\x00": lzma.open}
DAMAGE = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, gzip.BadGzipFile, EOFError)


@dataclass(frozen=True)
class Entry:
    """A file in an archive: its size in bytes, its time in seconds since 1970, and how to read it."""

    size: int
    modified: int
    open: Callable[[], IO[bytes]]


@contextmanager
def opened(archive: Path, *, below_top: bool, most: int) -> Iterator[dict[str, Entry]]:
    """Yield the files of `archive` by their paths; `below_top` leaves out the path's first folder.

    Everything in an sdist lies in one folder, `name-version/`. A tar has no list of its files: its content is gone
    through up to `most` bytes.

    Raises:
        CasebookError: the archive, or the content of a tar, has more than `most` bytes, or it is damaged, at once or
            while an entry is read.
    """
    if archive.stat().st_size > most:
        raise CasebookError(too_large(archive.name, most))
    try:
        if archive.suffix in (".whl", ".zip"):
            with zipfile.ZipFile(archive) as zipped:
                yield _named(_zip_entries(zipped), below_top)
        else:
            with (
                _decompressed(archive) as content,
                tarfile.open(fileobj=_Limited(content, archive.name, most), mode="r:") as tarred,  # type: ignore[call-overload]
            ):
                yield _named(_tar_entries(tarred), below_top)
    except DAMAGE as error:
        reason = " ".join(str(error).split())  # tarfile's has a line for each kind of compression
        raise CasebookError(f"{archive}: damaged ({reason}); delete it and fetch again") from None


def too_large(what: str, most: int) -> str:
    return (
        f"{what}: has more than the {most / 1e6:g} MB of source.limits.megabytes in params.yaml and was not read; "
        "raise that if it is meant to be so large"
    )


def _decompressed(archive: Path) -> Any:
    with archive.open("rb") as file:
        start = file.read(max(map(len, COMPRESSED)))
    for magic, opener in COMPRESSED.items():
        if start.startswith(magic):
            return opener(archive)
    return archive.open("rb")


class _Limited:
    """A stream that is an error beyond so many bytes: some kilobytes can unpack to terabytes."""

    def __init__(self, stream: IO[bytes], name: str, most: int) -> None:
        self.stream, self.name, self.most = stream, name, most

    def read(self, size: int = -1) -> bytes:
        left = self.most - self.stream.tell()
        found = self.stream.read(left + 1 if size < 0 else min(size, left + 1))
        if len(found) > left:
            raise CasebookError(too_large(self.name, self.most))
        return found

    def seek(self, place: int) -> int:
        if place > self.most:
            raise CasebookError(too_large(self.name, self.most))
        return self.stream.seek(place)

    def tell(self) -> int:
        return self.stream.tell()


def _named(entries: Iterator[tuple[str, Entry]], below_top: bool) -> dict[str, Entry]:
    plain = ((name.removeprefix("./"), entry) for name, entry in entries)
    return {name.partition("/")[2] if below_top else name: entry for name, entry in plain}


def _zip_entries(archive: zipfile.ZipFile) -> Iterator[tuple[str, Entry]]:
    for info in archive.infolist():
        if not info.is_dir():
            yield info.filename, Entry(info.file_size, _zip_time(info), partial(archive.open, info))


def _zip_time(info: zipfile.ZipInfo) -> int:
    # A zip has no time zone (read as UTC, the same everywhere), and month and day are 0 where there is no date.
    year, month, day, *clock = info.date_time
    return calendar.timegm((year, max(month, 1), max(day, 1), *clock))


def _tar_entries(archive: tarfile.TarFile) -> Iterator[tuple[str, Entry]]:
    for info in archive:
        if info.isreg():
            yield info.name, Entry(info.size, int(info.mtime), partial(_tar_file, archive, info))


def _tar_file(archive: tarfile.TarFile, info: tarfile.TarInfo) -> IO[Any]:
    file = archive.extractfile(info)
    assert file is not None  # only links and folders have none, and they are no entries
    return file
