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
# What a retrain came to: no stage had anything to do; the gate or a person refused what was trained; it is champion.
Came = Literal["unchanged", "refused", "rejected", "promoted", "failed"]


class NotStartedError(CasebookError):
    """Nothing was started: whoever asks next tries the same retrain again."""


@dataclass(frozen=True)
class Result:
    """`data` is the digest of the prepared rows that it was about."""

    came: Came
    data: str | None


@dataclass(frozen=True)
class Retrain:
    """`id` is the same however often it is tried; `state` is `due` from the decision until it was started.

    `result` is known when it has ended.
    """

    id: str
    time: str
    reasons: tuple[str, ...]
    state: Literal["due", "started", "failed"]
    result: Result | None = None


def start_once(
    folder: Path,
    reasons: Sequence[str],
    start: Callable[[Retrain], Result | None],
    *,
    cooldown_hours: float,
    has_news: Callable[[str | None], bool] = lambda data: False,  # noqa: ARG005
    now: datetime | None = None,
) -> Retrain | None:
    """Call `start` if there are reasons and no retrain uses the cool-down; the retrain, or None.

    One that failed uses it like any other; not one in which no stage ran, nor one that was refused where `has_news`
    says that the data are not those of that digest any more. `start` returns the result where it waits for it.
    The decision is on disk before `start` is called. One that was decided and whose process was killed before `start`
    returned, or that could not be started, is started again, under its own id, by the next call, with reasons or
    without: `start` does nothing twice for one id.
    """
    now = now or datetime.now(UTC)
    with held_lock(folder / LOCK, "a retrain"):
        last = read(folder)
        if last is None or last.state != "due":
            if not reasons or (last is not None and now < _free(last, cooldown_hours) and not _excused(last, has_news)):
                return None
            last = Retrain(uuid.uuid4().hex, now.isoformat(timespec="seconds"), tuple(reasons), "due")
            write_json(folder / RECORD, asdict(last))
        else:
            log.warning("a retrain was decided at %s and its start was cut off; starting it", last.time)
        try:
            result = start(last)
        except NotStartedError:
            raise
        except Exception:
            write_json(folder / RECORD, asdict(replace(last, state="failed")))
            raise
        started = replace(last, state="started", result=result)
        write_json(folder / RECORD, asdict(started))
        return started


def settle(folder: Path, retrain: str, result: Result) -> None:
    """Write down what the retrain of that id came to, if it is the last one: where it ran elsewhere, at its end."""
    last = read(folder)
    if last is None or last.id != retrain:
        return
    with held_lock(folder / LOCK, "a retrain"):
        last = read(folder)
        if last is not None and last.id == retrain:
            write_json(folder / RECORD, asdict(replace(last, state="started", result=result)))


def _excused(last: Retrain, has_news: Callable[[str | None], bool]) -> bool:
    """Whether the last retrain does not use up the cool-down."""
    if last.result is None:
        return False
    if last.result.came in ("refused", "rejected"):
        return has_news(last.result.data)
    return last.result.came == "unchanged"


def read(folder: Path) -> Retrain | None:
    """The last retrain that was decided."""
    path = folder / RECORD
    if not path.exists():
        return None
    try:
        content = read_json(path)
        ended = content.get("result")  # records of before have none
        result = None if ended is None else Result(ended["came"], ended["data"])
        return Retrain(content["id"], content["time"], tuple(content["reasons"]), content["state"], result)
    except (DamagedError, ValueError, KeyError, TypeError, AttributeError):
        raise CasebookError(f"{path}: not a record of a retrain; remove it, and the next drift starts one") from None


def _free(last: Retrain, cooldown_hours: float) -> datetime:
    return datetime.fromisoformat(last.time) + timedelta(hours=cooldown_hours)
