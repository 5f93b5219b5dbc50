"""Files of a registered model: where its bundle and its texts are, and whether all are as they were written."""

from pathlib import Path

from components.core.errors import DamagedError
from components.core.files import file_digest, read_json
from components.core.job import BUNDLE

LINEAGE = "lineage"
FILES = "files.json"


def bundle_in(folder: Path) -> Path:
    return folder / "artifacts" / BUNDLE


def lineage_in(folder: Path, name: str) -> str | None:
    """The text that was registered with the model under `name`; None if none was."""
    path = folder / "artifacts" / LINEAGE / name
    return path.read_text(encoding="utf-8") if path.is_file() else None


def damage(folder: Path) -> list[str]:
    """What of a model folder is missing or differs from what was written; empty if it is whole."""
    if not (folder / FILES).is_file():
        return [FILES]
    try:
        expected = read_json(folder / FILES)
    except DamagedError:
        return [FILES]
    if not isinstance(expected, dict):
        return [FILES]
    return [
        name
        for name, digest in expected.items()
        if not (folder / name).is_file() or file_digest(folder / name) != digest
    ]
