"""`casebook catch-up`: what users have done since the release, for the model that answers; nothing is fitted."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from components.core.errors import CasebookError
from components.core.files import nearest_path
from components.core.histories import moment, next_set
from components.core.job import Job
from components.core.locks import held_lock
from components.core.params.source import SqlSource
from components.core.parts import NewEvents
from components.core.recipe import recipe_of
from components.registry.finding import Served, open_registry, served
from components.registry.known import histories_of
from components.sources.fetch import fetch
from pipelines.environment import home

LOCK = "catch-up.lock"


@dataclass(frozen=True)
class CaughtUp:
    """What has come, for which version; `number` is that of the new set, None where nothing was new."""

    case: str
    version: str
    number: int | None
    events: NewEvents


def catch_up(job: Job, file: Path | None) -> CaughtUp:
    """Add the events of a file, or of the case's source as it is now, to those that the champion answers by.

    Raises:
        CasebookError: the case keeps nothing of users, there is no champion, or the events cannot be read.
    """
    recipe, paths = recipe_of(job), job.paths
    if not recipe.histories:
        raise CasebookError(
            f"{job.case}: a model of the recipe {recipe.name} keeps nothing of whom it answers: each request brings "
            "all that counts, and there is nothing to catch up with"
        )
    if file is not None and not file.is_file():
        raise CasebookError(f"{file}: not found{nearest_path(file)}")
    found = served(open_registry(paths.root), job.case)
    with held_lock(paths.state(job.case) / LOCK, f"catch-up of {job.case}"), _work(paths.state(job.case)) as work:
        before = _before(job, found)
        source = fetched(job, work / "raw") if file is None else file.resolve()
        events = recipe.catches_up.catch_up(job, found.bundle, before, source, work / "rows")
        if not events.added:
            return CaughtUp(job.case, found.version, None, events)
        with next_set(paths.caught_up(job.case)) as (folder, number):
            events.write(folder)
    return CaughtUp(job.case, found.version, number, events)


def _before(job: Job, found: Served) -> Path:
    before = histories_of(job.paths, job.case, found)
    if before is None:
        raise CasebookError(
            f"{job.case}: version {found.version} was registered before histories were kept beside the weights; "
            f"`casebook run {job.case}` registers one that has them"
        )
    return before


@contextmanager
def _work(state: Path) -> Iterator[Path]:
    """A folder on the checkout's disk, which a database may fill."""
    state.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".catch-up-", dir=state) as folder:
        yield Path(folder)


def fetched(job: Job, folder: Path) -> Path:
    """The case's source as it is now: of a query the rows after the mark of the last fetch, too. The mark itself stays:
    another one would have DVC fetch again.
    """
    source, root = job.params.source, job.paths.root
    cache = home(root) / "state" / "fetch"
    if isinstance(source, SqlSource):
        from components.sources.sql.watermark import look  # with the libraries of databases

        root = folder.parent
        look(source, root)
    fetch(source, folder, root=root, cache=cache)
    return folder


def in_words(found: CaughtUp) -> Iterator[str]:
    events = found.events
    if found.number is None:
        yield (
            f"{found.case}: nothing new: version {found.version} knows its users up to {moment(events.until)}, all "
            f"{events.known:,} events among them"
        )
    else:
        yield (
            f"{found.case}: {events.added:,} new event(s) of {events.users:,} user(s), {events.known:,} were known; "
            f"version {found.version} answers by what was done up to {moment(events.until)}"
        )
    yield from (f"  {line}" for line in events.told)
