"""Image files of a folder, or one alone."""

from pathlib import Path

from components.core.errors import CasebookError
from components.recipes.detection.encoding.decode import SUFFIXES


def images_of(source: Path) -> list[tuple[Path, str]]:
    """Each image with its name below the folder, in the names' order."""
    if not source.is_dir():
        return [(source, source.name)]
    found = sorted(path for path in source.rglob("*") if path.is_file() and path.suffix.lower() in SUFFIXES)
    if not found:
        raise CasebookError(f"{source}: no image in this folder; names that end with {', '.join(SUFFIXES)} are images")
    return [(path, path.relative_to(source).as_posix()) for path in found]
