"""DVC's cache: what of it nothing names that is still in use."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dvc.repo import Repo
from dvc_data.hashfile.gc import gc
from dvc_data.hashfile.hash_info import HashInfo
from dvc_data.hashfile.tree import Tree

from components.core.errors import CasebookError
from pipelines.leaving.lockfile import dvc_held


@dataclass(frozen=True)
class Unused:
    number: int
    bytes: int


def unused(root: Path, data: Iterable[str], *, delete: bool) -> Unused:
    """The objects of the cache that `dvc.lock` names neither here nor on any branch, tag or experiment, and that are
    not of the folders of `data`, by md5; as `dvc gc --workspace --all-branches --all-tags --all-experiments`.

    Raises:
        CasebookError: another DVC is at work, or other projects may use the cache, too.
    """
    with dvc_held(root) as repo, _quiet():
        cache = repo.cache.local
        if not Path(cache.path).resolve().is_relative_to(root.resolve()):
            raise CasebookError(
                f"{cache.path}: DVC's cache lies outside this checkout, others may use it; "
                "`dvc gc --projects` knows how to keep theirs"
            )
        used = _used(repo, data)
        values = {one.value for one in used}
        paths = [Path(cache.oid_to_path(oid)) for oid in cache.all() if oid not in values]
        found = Unused(len(paths), sum(path.lstat().st_size for path in paths))
        if delete and paths:
            gc(cache, used)
    return found


def _used(repo: Repo, data: Iterable[str]) -> set[HashInfo]:
    named = repo.used_objs(all_branches=True, all_tags=True, all_experiments=True, force=True)
    used: set[HashInfo] = set().union(*named.values())
    cache = repo.cache.local
    for md5 in data:
        folder = HashInfo("md5", md5)
        if cache.exists(md5):
            used |= {folder, *(oid for _, _, oid in Tree.load(cache, folder))}
    return used


@contextmanager
def _quiet() -> Iterator[None]:
    """DVC warns of every out that never was; here that is no news."""
    log = logging.getLogger("dvc")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)
