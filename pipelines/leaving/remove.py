"""`casebook remove`: a case leaves the checkout, and on request the registry."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from components.core.errors import CasebookError
from components.core.job import Paths
from components.core.params.load import load_params
from components.core.params.source import SqlSource
from components.registry.keep import all_of, check_idle
from components.registry.ledger_file import ledger_path
from components.registry.purge import bytes_of, delete
from components.tracking.track import Tracker
from pipelines.leaving import lockfile, params
from pipelines.leaving.folders import folders, held, size
from pipelines.leaving.registry import store
from pipelines.resume import DONE
from pipelines.servers.settings import DATABASE


@dataclass(frozen=True)
class Leaving:
    """One thing that goes: a block, the entries of a lock, a folder, or what MLflow has."""

    what: str
    number: int
    bytes: int | None


def plan(root: Path, case: str, *, registry: bool) -> list[Leaving]:
    """What `remove` would take away.

    Raises:
        CasebookError: there is no such case, it is at work, or another one rests on it.
    """
    load_params(root / params.FILE).case(case)
    with lockfile.dvc_held(root) as repo:
        _check_free(lockfile.resting_on(repo, case), case)
    with held(root, case):
        return list(_planned(root, case, store(root) if registry else None, registry=registry))


def remove(root: Path, case: str, *, registry: bool) -> None:
    """Take the case away; the block goes last, so that after a kill the same command goes on.

    Raises:
        CasebookError: as `plan`; nothing has been touched then.
    """
    load_params(root / params.FILE).case(case)
    with lockfile.dvc_held(root) as repo, held(root, case):
        _check_free(lockfile.resting_on(repo, case), case)
        if registry and (tracker := store(root)) is not None:
            check_idle(tracker, case)
            delete(tracker, case, all_of(tracker, case))
        _forget_studies(root, case)
        for folder in folders(root, case):
            shutil.rmtree(folder)
        for path in _watermarks(root, case):
            path.unlink()
        lockfile.forget_case(root, case)
        params.forget_case(root, case)


def _check_free(resting: list[str], case: str) -> None:
    if resting:
        raise CasebookError(
            f"{case}: {', '.join(resting)} would be left without what {case} makes; remove or change "
            f"{'that case' if len(resting) == 1 else 'these cases'} first"
        )


def _planned(root: Path, case: str, tracker: Tracker | None, *, registry: bool) -> Iterator[Leaving]:
    for block in params.blocks_of(root, case):
        yield Leaving(f"{params.FILE}: {block}", 1, None)
    if stages := lockfile.stages_of(root, case):
        yield Leaving(f"{lockfile.LOCK}: stages", len(stages), None)
    for folder in folders(root, case):
        files = sum(not path.is_dir() for path in folder.rglob("*"))
        yield Leaving(f"{folder.relative_to(root)}/", files, size(folder))
    for path in _watermarks(root, case):
        yield Leaving(path.relative_to(root).as_posix(), 1, size(path))
    if registry and (ledger := ledger_path(root, case)).is_file():
        yield Leaving(f"{ledger.relative_to(root)}", 1, size(ledger))
    if tracker is None:
        return
    check_idle(tracker, case)
    doomed = all_of(tracker, case)
    of_models, of_runs = bytes_of(tracker, doomed)
    yield Leaving("MLflow: versions, with the ledger", len(doomed.versions), None)
    yield Leaving("MLflow: models", len(doomed.models), of_models)
    yield Leaving("MLflow: runs", len(doomed.runs), of_runs)


def _watermarks(root: Path, case: str) -> list[Path]:
    """The file of how far the case's database was read, unless another case reads by it too."""
    sources = {name: block.source for name, block in load_params(root / params.FILE).cases.items()}
    mine = sources.pop(case)
    if not isinstance(mine, SqlSource) or mine.watch in {source.watch for source in sources.values()}:
        return []
    return [path for path in [root / mine.watch] if path.is_file()]


def _forget_studies(root: Path, case: str) -> None:
    """Studies in a team's database, of searches that are over; others may be at one that is not."""
    url = os.environ.get(DATABASE)
    over = [done.parent for done in sorted((Paths(root).state(case) / "search").glob(f"*/{DONE}"))]
    if url and over:
        from components.tuning.leaving import delete_shared_study

        for state in over:
            delete_shared_study(state, url)
