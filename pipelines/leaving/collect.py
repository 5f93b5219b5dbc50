"""`casebook gc`: what old versions, finished work and former inputs have left behind."""

import logging
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import yaml

from components.core.errors import DamagedError
from components.core.files import read_json
from components.core.histories import old_sets
from components.core.job import Paths
from components.core.params.case import Params
from components.core.params.load import load_params
from components.registry.keep import Doomed, data_of_kept, surplus
from components.registry.purge import bytes_of, delete
from components.sources.unused import unused as unused_downloads
from components.tracking.track import Tracker
from pipelines.leaving.cache import unused
from pipelines.leaving.folders import SMOKE, at_work, size
from pipelines.leaving.lockfile import LOCK
from pipelines.leaving.params import FILE
from pipelines.leaving.registry import store
from pipelines.resume import DONE
from pipelines.servers.settings import DATABASE

log = logging.getLogger(__name__)

Out = Callable[[Paths, str], Path]
TRAINED: tuple[tuple[str, str, Out], ...] = (
    ("search", "studies of finished searches", Paths.best),
    ("fit", "checkpoints of finished fits", Paths.fitted),
    ("compress", "variants of finished compressions", Paths.bundle),
)
EVERY_CASE = "all"


@dataclass(frozen=True)
class Portion:
    """Things of one kind that can go; `which` names a few of them."""

    case: str
    what: str
    which: str
    number: int
    bytes: int


def collect(root: Path, cases: list[str], keep: int, *, dry_run: bool) -> list[Portion]:
    """Delete what is of no use any more, or with `dry_run` only say what that is.

    Of the named cases, or of all if none is named; then DVC's cache and downloads, which cases share, as well.
    A case that is at work is left as it is.

    Raises:
        CasebookError: there is no such case, a store does not answer, or DVC is at work.
    """
    params, tracker = load_params(root / FILE), store(root)
    for case in cases:
        params.case(case)
    found: list[Portion] = []
    data: set[str] = set()
    for case in cases or sorted(params.cases):
        busy = at_work(root, case)
        doomed = surplus(tracker, case, keep) if tracker is not None and busy is None else Doomed(None)
        if tracker is not None:
            data |= data_of_kept(tracker, case, doomed)
        if busy is not None:
            log.warning("%s: nothing is deleted: %s", case, busy)
            continue
        if tracker is not None:
            found += _registered(tracker, case, doomed, dry_run=dry_run)
        found += _finished(root, case, dry_run=dry_run)
        found.append(_caught_up(root, case, dry_run=dry_run))
    if not cases:
        found += _downloads(root, params, dry_run=dry_run)
        cached = unused(root, data, delete=not dry_run)
        found.append(Portion(EVERY_CASE, "DVC's cache of former outs", "", cached.number, cached.bytes))
    return [portion for portion in found if portion.number]


def _registered(tracker: Tracker, case: str, doomed: Doomed, *, dry_run: bool) -> Iterator[Portion]:
    of_models, of_runs = bytes_of(tracker, doomed)
    yield Portion(case, "versions", _few(doomed.versions), len(doomed.versions), 0)
    yield Portion(case, "models of versions", "", len(doomed.models), of_models)
    yield Portion(case, "runs", _few([str(run.info.run_name) for run in doomed.runs]), len(doomed.runs), of_runs)
    if not dry_run:
        delete(tracker, case, doomed)


def _finished(root: Path, case: str, *, dry_run: bool) -> Iterator[Portion]:
    """States of work whose result `dvc.lock` has: none of it is gone on with."""
    paths = Paths(root)
    recorded = _recorded(root)
    pending = False
    for stage, what, out in TRAINED:
        states = [path for path in (paths.state(case) / stage).glob("*") if path.is_dir()]
        over = [path for path in states if _over(path, recorded.get(out(paths, case).relative_to(root).as_posix()))]
        pending = pending or len(over) < len(states)
        yield _taken(case, what, over, _forget if stage == "search" else shutil.rmtree, dry_run=dry_run)
    again = [path for path in (paths.state(case) / "refit").glob("*") if not pending]
    yield _taken(case, "checkpoints of second fits", again, shutil.rmtree, dry_run=dry_run)
    smoke = [path for path in [root / SMOKE / case] if path.is_dir()]
    yield _taken(case, "smoke runs", smoke, shutil.rmtree, dry_run=dry_run)


def _caught_up(root: Path, case: str, *, dry_run: bool) -> Portion:
    """Sets of events whose place a newer one has taken; one stays for each model that could be rolled back to."""
    folder = Paths(root).caught_up(case)
    return _taken(case, "histories caught up with before", old_sets(folder, left=1), shutil.rmtree, dry_run=dry_run)


def _recorded(root: Path) -> dict[str, str]:
    """The md5 of every out in `dvc.lock` by its path."""
    if not (root / LOCK).exists():
        return {}
    stages = (yaml.safe_load((root / LOCK).read_bytes()) or {}).get("stages", {})
    return {out["path"]: out["md5"] for stage in stages.values() for out in stage.get("outs", ()) if "md5" in out}


def _over(state: Path, md5: str | None) -> bool:
    """What cannot be told by a damaged file stays: the stage itself begins it anew."""
    try:
        return bool(read_json(state / DONE).get("md5") == md5)
    except (FileNotFoundError, DamagedError, AttributeError):
        return False


def _forget(state: Path) -> None:
    if url := os.environ.get(DATABASE):
        from components.tuning.leaving import delete_shared_study

        delete_shared_study(state, url)
    shutil.rmtree(state)


def _downloads(root: Path, params: Params, *, dry_run: bool) -> Iterator[Portion]:
    cache = root / "state" / "fetch"
    paths = unused_downloads((case.source for case in params.cases.values()), root, cache)
    take = partial(shutil.rmtree, ignore_errors=False)
    yield _taken(
        EVERY_CASE,
        "downloads that no case names",
        paths,
        lambda path: take(path) if path.is_dir() else path.unlink(),
        dry_run=dry_run,
    )


def _taken(case: str, what: str, paths: list[Path], take: Callable[[Path], object], *, dry_run: bool) -> Portion:
    portion = Portion(case, what, _few([path.name for path in paths]), len(paths), sum(map(size, paths)))
    if not dry_run:
        for path in paths:
            take(path)
    return portion


def _few(names: list[str] | tuple[str, ...]) -> str:
    shown = list(dict.fromkeys(names))
    return ", ".join(shown[:3]) + (", …" if len(shown) > 3 else "")
