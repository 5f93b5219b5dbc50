"""At most one retrain in a while, whoever asks and whenever it is killed."""

import logging
import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from components.core.errors import CasebookError, DamagedError
from components.core.files import read_json, write_json
from components.core.locks import held_lock

log = logging.getLogger(__name__)

RECORD, LOCK = "retrain.json", "retrain.lock"


@dataclass(frozen=True)
class Retrain:
    """`id` is the same however often it is tried; `state` is `due` from the decision until it was started."""

    id: str
    time: str
    reasons: tuple[str, ...]
    state: Literal["due", "started", "failed"]


def start_once(
    folder: Path,
    reasons: Sequence[str],
    start: Callable[[Retrain], object],
    *,
    cooldown_hours: float,
    now: datetime | None = None,
) -> Retrain | None:
    """Call `start` if there are reasons and the last retrain is older than the cool-down; the retrain, or None.

    The decision is on disk before `start` is called. One that was decided and whose process was killed before `start`
    returned is started again, under its own id, by the next call, with reasons or without: `start` does nothing twice
    for one id. One that failed counts for the cool-down like any other.
    """
    now = now or datetime.now(UTC)
    with held_lock(folder / LOCK, "a retrain"):
        last = read(folder)
        if last is None or last.state != "due":
            if not reasons or (last is not None and now < _free(last, cooldown_hours)):
                return None
            last = Retrain(uuid.uuid4().hex, now.isoformat(timespec="seconds"), tuple(reasons), "due")
            write_json(folder / RECORD, asdict(last))
        else:
            log.warning("a retrain was decided at %s and its start was cut off; starting it", last.time)
        try:
            start(last)
        except Exception:
            write_json(folder / RECORD, asdict(replace(last, state="failed")))
            raise
        started = replace(last, state="started")
        write_json(folder / RECORD, asdict(started))
        return started


def free_at(folder: Path, cooldown_hours: float) -> datetime | None:
    """When the next retrain may start; None if at once."""
    last = read(folder)
    return None if last is None or last.state == "due" else _free(last, cooldown_hours)


def read(folder: Path) -> Retrain | None:
    """The last retrain that was decided."""
    path = folder / RECORD
    if not path.exists():
        return None
    try:
        content = read_json(path)
        return Retrain(content["id"], content["time"], tuple(content["reasons"]), content["state"])
    except (DamagedError, ValueError, KeyError, TypeError):
        raise CasebookError(f"{path}: not a record of a retrain; remove it, and the next drift starts one") from None


def _free(last: Retrain, cooldown_hours: float) -> datetime:
    return datetime.fromisoformat(last.time) + timedelta(hours=cooldown_hours)
