"""What a version knows of people beside its weights, and what tells, unread, that it is so no longer."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.core.forgotten import FORGOTTEN
from components.core.histories import numbered
from components.core.job import AnyJob
from components.core.params.load import load_case
from components.registry.finding import Served
from components.registry.known import histories_of

PARAMS = "params.yaml"


@dataclass(frozen=True)
class People:
    """The folder of histories that users are answered by, if any, and the digests of who is to be forgotten."""

    histories: Path | None = None
    forgotten: tuple[str, ...] = ()


NOBODY = People()


def people_of(job: AnyJob, found: Served) -> People:
    """As of now: of what has been caught up with the newest, and of who is to be forgotten those of the params.

    Raises:
        CasebookError: the params cannot be read.
    """
    params = job.paths.root / PARAMS
    forgotten = getattr(job.prepare, FORGOTTEN, ())
    if params.is_file():
        forgotten = load_case(params, job.case).prepare.get(FORGOTTEN, ())
    return People(histories_of(job.paths, job.case, found), tuple(forgotten))


def marks_of(job: AnyJob) -> Any:
    """Equal as long as `people_of` answers the same: which sets there are, and when the params were written."""
    params = job.paths.root / PARAMS
    sets = [path.name for path in numbered(job.paths.caught_up(job.case))]
    return sets, params.stat().st_mtime_ns if params.is_file() else None
