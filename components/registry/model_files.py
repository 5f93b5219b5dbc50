"""Files of a registered model: where its bundle and its texts are, and whether all are as they were written."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from components.core.bundle import INDEX
from components.core.errors import CasebookError, DamagedError
from components.core.files import file_digest, read_json
from components.core.histories import HISTORIES, read_kept
from components.core.job import BUNDLE
from components.tracking.reading.registry import Registry

ARTIFACTS, LINEAGE = "artifacts", "lineage"
FILES = "files.json"


def bundle_in(folder: Path) -> Path:
    return folder / ARTIFACTS / BUNDLE


def histories_beside(bundle: Path) -> Path | None:
    """What a version keeps of users, beside its bundle; None where it keeps nothing."""
    folder = bundle.parent / HISTORIES
    return None if read_kept(folder) is None else folder


def card_beside(bundle: Path) -> Path:
    """The card that is kept with the model of a bundle."""
    return bundle.parent / LINEAGE / "card.md"


@dataclass(frozen=True)
class ModelTexts:
    """Texts in a version's model folder, wherever that is; each is read when it is asked for, and checked.

    Raises:
        CasebookError: the folder has not what was registered, or it was changed.
    """

    registry: Registry
    case: str
    version: str

    def lineage(self, name: str) -> str | None:
        """The text that was registered with the model under `name`; None if none was."""
        return self._text(f"{ARTIFACTS}/{LINEAGE}/{name}")

    def made_as(self) -> str:
        """The name that the case had when the version was made: stages and paths of its lock are of that name."""
        index = self._text(path := f"{ARTIFACTS}/{BUNDLE}/{INDEX}")
        if index is None:
            raise unreadable(self.case, self.version, [path])
        return str(json.loads(index)["manifest"]["case"])

    def _text(self, path: str) -> str | None:
        if path not in self._expected:
            return None
        content = self.registry.model_file(self.case, self.version, path)
        if content is None or hashlib.sha256(content).hexdigest() != self._expected[path]:
            raise unreadable(self.case, self.version, [path])
        return content.decode()

    @cached_property
    def _expected(self) -> Mapping[str, str]:
        content = self.registry.model_file(self.case, self.version, FILES)
        try:
            expected: Mapping[str, str] = json.loads(content or b"")
        except (json.JSONDecodeError, UnicodeDecodeError):
            raise unreadable(self.case, self.version, [FILES]) from None
        return expected


def unreadable(case: str, version: str, broken: list[str]) -> CasebookError:
    return CasebookError(
        f"MLflow: {case} version {version} cannot be read: missing or changed: {', '.join(broken[:5])}; "
        "release its bundle again, or roll back to another version"
    )


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
