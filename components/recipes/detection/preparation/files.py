"""The image files of a folder, and how others name them."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from components.core.errors import CasebookError
from components.recipes.detection.encoding.raw import DICOM_SUFFIXES, SUFFIXES

KNOWN = (*SUFFIXES, *DICOM_SUFFIXES)


def image_files(folder: Path) -> dict[str, Path]:
    """Each image below `folder` by its path from there, in order; hidden files are none.

    Raises:
        CasebookError: no such folder, or no image in it.
    """
    if not folder.is_dir():
        raise CasebookError(f"{folder}: no such folder; prepare.images names the folder of the images")
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in KNOWN and path.is_file())
    found = {path.relative_to(folder).as_posix(): path for path in paths if not path.name.startswith(".")}
    if not found:
        raise CasebookError(f"{folder}: no image in it; {', '.join(KNOWN)} are taken")
    return found


class Names:
    """Finds the image that a list or an annotation means.

    They may write its path, with or without the suffix, or only its last part, or the path it had on
    another machine. What fits several images fits none.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self.names = frozenset(names)
        self.ways: dict[str, set[str]] = defaultdict(set)
        for name in self.names:
            path = PurePosixPath(name)
            for way in (path.with_suffix("").as_posix(), path.name, path.stem):
                self.ways[way].add(name)

    def find(self, written: str) -> str | None:
        plain = written.strip().replace("\\", "/")
        if plain in self.names:
            return plain
        for way in (plain, PurePosixPath(plain).name):
            if len(found := self.ways.get(way, set())) == 1:
                return next(iter(found))
        return None
