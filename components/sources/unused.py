"""Downloads that no case names any more."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from components.core.params.source import HttpSource, Source, WheelSource
from components.sources.http.manifest import read_manifest

HTTP = "http"  # the folder of files by digest; its neighbours are of packages by requirement


def unused(sources: Iterable[Source], root: Path, cache: Path) -> list[Path]:
    """Files and folders below `cache` that a fetch of none of the sources would look for.

    Raises:
        CasebookError: a manifest is missing or wrong, so that nobody knows what it needs.
    """
    archives: set[tuple[str, str]] = set()
    digests: set[str] = set()
    for source in sources:
        if isinstance(source, WheelSource):
            archives |= {(package.requirement, package.archive) for package in source.packages}
        elif isinstance(source, HttpSource):
            digests |= set(read_manifest(root / source.manifest).values())
    return sorted([*_archives(cache, archives), *_files(cache / HTTP, digests)])


def _archives(cache: Path, needed: set[tuple[str, str]]) -> Iterator[Path]:
    """Whole packages, or of one that is needed as a wheel its sdist."""
    requirements = {requirement for requirement, _ in needed}
    for package in cache.glob("*"):
        if package.name == HTTP or not package.is_dir():
            continue
        if package.name not in requirements:
            yield package
            continue
        kinds = [kind for kind in package.iterdir() if kind.is_dir() and not kind.name.startswith(".")]
        yield from (kind for kind in kinds if (package.name, kind.name) not in needed)


def _files(kept: Path, needed: set[str]) -> Iterator[Path]:
    """Whole files, and the beginnings of some."""
    for path in kept.glob("*"):
        if path.suffix in ("", ".part") and path.stem not in needed:
            yield path
