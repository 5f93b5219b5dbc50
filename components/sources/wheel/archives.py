"""One view of the two kinds of package archive: a wheel's zip, and an sdist's tar or zip."""

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

DAMAGE = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, gzip.BadGzipFile, EOFError)


@dataclass(frozen=True)
class Entry:
    """A file in an archive: its size in bytes, its time in seconds since 1970, and how to read it."""

    size: int
    modified: int
    open: Callable[[], IO[bytes]]


@contextmanager
def opened(archive: Path, *, below_top: bool) -> Iterator[dict[str, Entry]]:
    """Yield the files of `archive` by their paths; `below_top` leaves out the path's first folder.

    Everything in an sdist lies in one folder, `name-version/`.

    Raises:
        CasebookError: the archive is damaged, at once or while an entry is read.
    """
    try:
        if archive.suffix in (".whl", ".zip"):
            with zipfile.ZipFile(archive) as zipped:
                yield _named(_zip_entries(zipped), below_top)
        else:
            with tarfile.open(archive) as tarred:
                yield _named(_tar_entries(tarred), below_top)
    except DAMAGE as error:
        reason = " ".join(str(error).split())  # tarfile's has a line for each kind of compression
        raise CasebookError(f"{archive}: damaged ({reason}); delete it and fetch again") from None


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
