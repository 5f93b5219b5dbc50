"""A file of rows as one that a database engine reads: Parquet, text in UTF-8, or JSON of an object a line."""

import shutil
from pathlib import Path

from components.kits.tables.encoding.reading import Reading
from components.kits.tables.unpack import PARQUET, first_bytes, in_utf8, is_workbook, refuse_other_formats, unpacked
from components.kits.tables.workbook import read_sheet


def plain_file(path: Path, reading: Reading, folder: Path) -> Path:
    """The file itself where it is plain, else what is in it, unpacked and in UTF-8, as a new file in `folder`; a sheet
    of a workbook as Parquet.

    Raises:
        CasebookError: an archive or a workbook is damaged, locked, too large or holds several tables, the text is in no
            known encoding, or it is another format.
    """
    with unpacked(path, reading) as file:
        if first_bytes(file).startswith(PARQUET):
            return _kept(file, path, folder)
        if is_workbook(file):
            target = _place(folder, path, ".parquet")
            read_sheet(file, path, reading).to_parquet(target, index=False)
            return target
        refuse_other_formats(file, path)
        with in_utf8(file, path, reading) as text:
            return _kept(text, path, folder)


def _kept(file: Path, path: Path, folder: Path) -> Path:
    """`file` goes when its reader is done with it, unless it is the one that came."""
    if file == path:
        return path
    target = _place(folder, path, "")
    shutil.copyfile(file, target)
    return target


def _place(folder: Path, path: Path, suffix: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    number = sum(1 for _ in folder.iterdir())
    return folder / f"{number}-{path.name}{suffix}"
