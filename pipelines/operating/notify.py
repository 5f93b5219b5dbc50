"""Telling a team by `operate.notify`: each event once; what cannot be told now is told with the next one.

Nothing here fails who calls it: a retrain is worth more than the word of it. What goes wrong is a line in the log, or
what `say` writes: a flow's own log is Prefect's.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from components.core.errors import CasebookError, DamagedError
from components.core.locks import held_lock
from components.core.params.load import load_params
from components.core.params.operate import Notify, load_operate
from pipelines.operating.delivery import deliver
from pipelines.operating.events import Event, champion_exchanged, event, override_ended
from pipelines.operating.told import Drift, Told, read_told, record_of, write_told

if TYPE_CHECKING:
    from components.monitoring.findings import Findings  # a worker tells of retrains, and needs no pandas

log = logging.getLogger(__name__)

NOBODY = ""  # where a case has no champion
Make = Callable[[Told], tuple[Told, Iterable[Event]]]
Say = Callable[..., None]  # with a format and its arguments, as a logger's methods


def notify(root: Path, *events: Event, say: Say = log.warning) -> None:
    """Tell events of one case, where params say that somebody is to be told."""
    if events:
        _tell(root, events[0].case, lambda told: (told, events), say)


def notify_look(root: Path, case: str, found: "Findings", *, decided: bool, say: Say = log.warning) -> None:
    """Tell of a drift as it begins, of a champion exchanged since the last look, and of overrides that have ended.

    `decided` is false where the look had too few rows: that is no word of a drift's end.
    """
    champion, since = _champion_of(root, case, say) if _wanted(root, say) else (None, None)
    if champion is None:
        return

    def make(told: Told) -> tuple[Told, Iterable[Event]]:
        exchanged = _exchanged(told, case, champion, since)
        told, drifted = with_drift(told, case, champion, found, decided=decided)
        return replace(told, champion=champion), [*exchanged, *drifted, *ended]

    ended = _ended_overrides(root, case, say)
    _tell(root, case, make, say)


def notify_champion(root: Path, case: str, *, say: Say = log.warning) -> None:
    """Tell of another champion than at the last look; the first look only takes down which it is."""
    champion, since = _champion_of(root, case, say) if _wanted(root, say) else (None, None)
    if champion is not None:
        _tell(
            root,
            case,
            lambda told: (replace(told, champion=champion), _exchanged(told, case, champion, since)),
            say,
        )


def _exchanged(told: Told, case: str, champion: str, since: str | None) -> list[Event]:
    if told.champion in (None, champion):
        return []
    return [champion_exchanged(case, told.champion or None, champion or None, since)]


def with_drift(told: Told, case: str, champion: str, found: "Findings", *, decided: bool) -> tuple[Told, list[Event]]:
    """The record after a look, and what is to be told.

    A drift that goes on is told again only where more than columns drift now, scores or quality say, or where
    another champion meets it. It has ended with a look that could decide and found no reason.
    """
    before, what = told.drift, _what(found)
    if not what:
        return (replace(told, drift=None) if decided else told), []
    if before is None or before.champion != champion:
        before = Drift(champion, datetime.now(UTC).isoformat(timespec="seconds"), ())
    known = tuple(sorted({*before.what, *what}))
    if known == before.what:
        return replace(told, drift=before), []
    key = f"{champion} {before.since} {','.join(known)}"
    text = f"{case}: the rows that version {champion} meets have drifted"
    return replace(told, drift=replace(before, what=known)), [event("drift", case, key, text, found.reasons)]


def _what(found: "Findings") -> list[str]:
    """The kinds of reasons of a look, whose words differ each time by their figures."""
    scores, quality = any(one.drifted for one in found.scores), bool(found.quality.dropped)
    columns = len(found.reasons) > scores + quality
    kinds = {"columns": columns, "scores": scores, "quality": quality}
    return [name for name, is_one in kinds.items() if is_one] if found.reasons else []


def _champion_of(root: Path, case: str, say: Say) -> tuple[str | None, str | None]:
    """Version and since when; no version where the registry does not answer, `NOBODY` where there is no champion."""
    from components.registry.champion import champion_at
    from components.registry.finding import open_registry

    try:
        found = champion_at(open_registry(root), case)
    except Exception as error:  # whatever MLflow raises
        why = str(error) if isinstance(error, CasebookError) else type(error).__name__
        say("%s: nobody is told whether the champion was exchanged: %s", case, why)
        return None, None
    return (NOBODY, None) if found is None else (str(found["version"]), found["promoted_at"])


def _ended_overrides(root: Path, case: str, say: Say) -> list[Event]:
    """Overrides of the gate that have ended, and by which the champion stands."""
    from components.registry.finding import open_registry
    from components.registry.overriding import ended_overrides

    try:
        found = ended_overrides(open_registry(root), datetime.now(UTC), [case])
    except Exception as error:  # whatever MLflow raises
        say("%s: nobody is told whether an override has ended: %s", case, type(error).__name__)
        return []
    return [override_ended(case, one.version, one.line) for one in found]


def _wanted(root: Path, say: Say) -> bool:
    return _where(root, say) is not None


def _where(root: Path, say: Say) -> Notify | None:
    path = root / "params.yaml"
    try:
        return load_operate(path).notify if load_params(path).operate is not None else None
    except CasebookError as error:
        say("nobody is told: %s", error)
        return None


def _tell(root: Path, case: str, make: Make, say: Say) -> None:
    """Add what `make` finds to what waits, and hand over all of it, oldest first, until one cannot be."""
    where, path = _where(root, say), record_of(root, case)
    if where is None:
        return
    try:
        with held_lock(path.with_suffix(".lock"), f"telling of {case}"):
            told, events = make(_read(path, say))
            told = told.with_events(events)
            write_told(path, told)
            for waiting in told.waiting:
                deliver(where, waiting)
                told = told.delivered(waiting)
                write_told(path, told)
    except CasebookError as error:
        say("%s: not told yet (%s); it is tried again with the next event or look", case, error)
    except Exception as error:  # its words may hold the address
        say("%s: not told yet (%s); it is tried again with the next event or look", case, type(error).__name__)


def _read(path: Path, say: Say) -> Told:
    try:
        return read_told(path)
    except DamagedError as error:
        say("%s", error.told("a new one is begun, and what goes on is told once more"))
        return Told()
