"""Record of a case's events: what was told, what could not be told yet, and what of it goes on."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from components.core.errors import DamagedError
from components.core.files import read_json, write_json
from pipelines.operating.events import Event

KEPT = 200  # ids of events that were told
WAITING = 50  # events that could not be told: of a longer outage the last ones are enough


@dataclass(frozen=True)
class Drift:
    """A drift that goes on: of which champion, since when, and what has drifted (`columns`, `scores`, `quality`)."""

    champion: str
    since: str
    what: tuple[str, ...]


@dataclass(frozen=True)
class Told:
    """`champion` is the version that was champion at the last look, "" for none, None before the first look."""

    ids: tuple[str, ...] = ()
    waiting: tuple[Event, ...] = ()
    drift: Drift | None = None
    champion: str | None = None

    def with_events(self, events: Iterable[Event]) -> "Told":
        """Those that are new, to be told."""
        known = {*self.ids, *(one.id for one in self.waiting)}
        new = {one.id: one for one in events if one.id not in known}
        return replace(self, waiting=(*self.waiting, *new.values())[-WAITING:])

    def delivered(self, told: Event) -> "Told":
        left = tuple(one for one in self.waiting if one.id != told.id)
        return replace(self, ids=(*self.ids, told.id)[-KEPT:], waiting=left)


def record_of(root: Path, case: str) -> Path:
    return root / "state" / case / "notify" / "told.json"


def read_told(path: Path) -> Told:
    """The record; an empty one where there is none.

    Raises:
        DamagedError: it cannot be read.
    """
    if not path.exists():
        return Told()
    content = read_json(path)
    try:
        return _told(content)
    except (KeyError, TypeError, ValueError) as error:
        raise DamagedError(path, repr(error), "remove it; what goes on is then told once more") from None


def _told(content: dict[str, Any]) -> Told:
    drift = content["drift"]
    return Told(
        ids=tuple(content["ids"]),
        waiting=tuple(Event(**{**one, "details": tuple(one["details"])}) for one in content["waiting"]),
        drift=None if drift is None else Drift(**{**drift, "what": tuple(drift["what"])}),
        champion=content["champion"],
    )


def write_told(path: Path, told: Told) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, asdict(told))
