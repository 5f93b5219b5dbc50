"""Model folders that a lost database has left behind: found by the files that each brings, whatever they are called."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from components.core.bundle import bundle_md5
from components.core.files import dvc_md5
from components.core.yaml_files import parse_yaml
from components.registry.champion import BUNDLE_MD5, HISTORIES_MD5
from components.registry.model_files import FILES, bundle_in, damage, histories_beside

MODEL = "MLmodel"


@dataclass
class ModelFolders:
    """Folders of models below some places. Each is given away once."""

    places: Sequence[Path]
    given: set[Path] = field(default_factory=set)
    _md5s: dict[Path, tuple[str, str | None]] = field(default_factory=dict)

    def take(self, version: Mapping[str, Any] | None, origin: Mapping[str, str]) -> Path | None:
        """The whole folder of a version of the ledger; None if it is gone, or not as it was registered.

        By the model's id, or, in a place where they were put anew, by the bundle's md5; of a line that has neither, by
        the run, if no other model came from that.
        """
        for folder in self._candidates(version, origin):
            if not damage(folder):
                self.given.add(folder)
                return folder
        return None

    def _candidates(self, version: Mapping[str, Any] | None, origin: Mapping[str, str]) -> Iterator[Path]:
        free = [folder for folder in self._all if folder not in self.given]
        if version is None:
            same = [folder for folder in free if run_of(folder) == origin.get("run_id")]
            yield from same if len(same) == 1 else ()
            return
        md5s = version["tags"].get(BUNDLE_MD5), version["tags"].get(HISTORIES_MD5)
        for folder in sorted(free, key=lambda one: one.parent.name != version["model"]):
            if self._md5(folder) == md5s:
                yield folder

    @cached_property
    def _all(self) -> list[Path]:
        found = (path.parent for place in self.places for path in place.rglob(FILES))
        return sorted({folder for folder in found if (folder / MODEL).is_file() and bundle_in(folder).is_dir()})

    def _md5(self, folder: Path) -> tuple[str, str | None]:
        """Of the bundle, and of the histories beside it where there are any."""
        if folder not in self._md5s:
            kept = histories_beside(bundle_in(folder))
            self._md5s[folder] = bundle_md5(bundle_in(folder)), None if kept is None else dvc_md5(kept)
        return self._md5s[folder]


def run_of(folder: Path) -> str | None:
    """The run that the model in a folder came from."""
    content = parse_yaml((folder / MODEL).read_text(encoding="utf-8"), MODEL)
    return content.get("run_id") if isinstance(content, dict) else None
