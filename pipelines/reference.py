"""The prepared data that a version was trained on, wherever they still are."""

import json
import logging
import os
import shutil
from pathlib import Path

from components.core.files import dvc_md5, whole_folder
from components.core.job import Job, Paths

log = logging.getLogger(__name__)


def prepared_of(job: Job, md5: str | None) -> tuple[Paths, str]:
    """Paths below which the prepared data with this md5 lie, and what there is to say if they are not these.

    They are those on disk, unless these have changed since, as after a retrain that the gate refused; then those in
    DVC's cache, linked below `state/`.
    """
    paths = job.paths
    found = dvc_md5(paths.prepared(job.case)) if paths.prepared(job.case).is_dir() else "none"
    if md5 in (found, None):
        said = "" if md5 else "the champion does not say which data it was trained on; compared with those on disk"
        return paths, said
    assert md5 is not None
    root = paths.state(job.case) / "monitor" / "reference"
    for other in root.glob("*"):
        if other.name != md5:
            shutil.rmtree(other, ignore_errors=True)
    kept = Paths(root / md5)
    if kept.prepared(job.case).is_dir() or _link(_cache(paths.root), md5, kept.prepared(job.case)):
        return (
            kept,
            f"the data on disk ({found}) are other ones; compared with the champion's ({md5}), from DVC's cache",
        )
    return paths, (
        f"the champion's data ({md5}) are neither on disk nor in DVC's cache; compared with those on disk ({found}): "
        "`dvc fetch` at the champion's commit brings them"
    )


def _cache(root: Path) -> Path | None:
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    try:
        with Repo(str(root)) as repo:
            return Path(repo.cache.local.path)
    except DvcException as error:
        log.warning("DVC's cache cannot be found: %s", error)
        return None


def _link(cache: Path | None, md5: str, target: Path) -> bool:
    """Whether all files of the folder with this md5 are in the cache; they are then in `target`, too."""
    if cache is None or not _place(cache, md5).is_file():
        return False
    entries = json.loads(_place(cache, md5).read_text(encoding="utf-8"))
    if not all(_place(cache, entry["md5"]).is_file() for entry in entries):
        return False
    with whole_folder(target) as folder:
        for entry in entries:
            file = folder / entry["relpath"]
            file.parent.mkdir(parents=True, exist_ok=True)
            _take(_place(cache, entry["md5"]), file)
    return True


def _place(cache: Path, md5: str) -> Path:
    return cache / md5[:2] / md5[2:]


def _take(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another disk, or one without links
        shutil.copyfile(source, target)
