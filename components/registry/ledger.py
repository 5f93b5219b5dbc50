"""Every decision about a case's models, in order, kept as tags of the registered model so that a team shares it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from components.core.errors import CasebookError
from components.core.user import user_name
from components.tracking.reading.registry import RegisteredModel, Registry

if TYPE_CHECKING:
    from components.tracking.track import Tracker

PREFIX = "mlflow.casebook.decision."  # MLflow's pages show no tag of its own prefix: there the ledger is a table
PREFIXES = (PREFIX, "casebook.decision.")  # with that of entries before
LONGEST_ENTRY = 5000  # characters; the width of MLflow's column on databases that have widths
Action = Literal["promoted", "refused", "rolled_back"]
PROMOTED: Action = "promoted"
REFUSED: Action = "refused"
ROLLED_BACK: Action = "rolled_back"


@dataclass(frozen=True)
class Entry:
    """One decision about `version`. `before` and `after` are the champion's version; equal after a refusal.

    `origin` is the version's run, commit and data. `metrics` are those of the test split, value and
    interval bounds by name, null for what is no number; `checks` are the gate's, name, answer and
    reason; `overrides`, as `Override` has them, let some of those pass that failed. `time` is UTC, ISO 8601; it,
    `number` and `by` are given by `append`.
    """

    action: Action
    version: str
    before: str | None
    after: str | None
    digest: str
    origin: Mapping[str, str]
    metrics: Mapping[str, Mapping[str, float | None]]
    checks: Sequence[Sequence[Any]]
    overrides: Sequence[Mapping[str, str]] = ()
    number: int = 0
    time: str = ""
    by: str = ""


def history(registry: Registry, case: str) -> list[Entry]:
    """All decisions about the case, oldest first; empty if it has never been registered."""
    found = registry.registered_model(case)
    return [] if found is None else entries_of(case, found)


def entries_of(case: str, model: RegisteredModel) -> list[Entry]:
    """The decisions that a registered model's tags hold, oldest first."""
    entries = [_read(case, key, text) for key, text in model.tags.items() if key.startswith(PREFIXES)]
    return sorted(entries, key=lambda entry: (entry.number, entry.time, entry.digest))


def append(tracker: "Tracker", case: str, entry: Entry) -> Entry:
    """Write `entry` after the last one and return it with its number and time.

    The key ends in the entry's digest, so that two machines that write at once lose neither.
    """
    entries = history(tracker, case)
    number = entries[-1].number + 1 if entries else 1
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    written = _within_limit(replace(entry, number=number, time=now, by=user_name()))
    tracker.client.set_registered_model_tag(case, f"{PREFIX}{number:06d}.{entry.digest}", _text(written))
    return written


def recorded(entries: Sequence[Entry], version: str, digest: str) -> Entry | None:
    """The entry of this very decision, if the champion has not changed hands since."""
    for entry in reversed(entries):
        if entry.version == version and entry.digest == digest:
            return entry
        if entry.before != entry.after:
            return None
    return None


def champions(entries: Sequence[Entry]) -> list[str]:
    """The versions a rollback can go back through, the present champion last.

    A promotion is added; a rollback drops what came after the version it went to.
    """
    line: list[str] = []
    for entry in entries:
        if entry.action == PROMOTED and entry.version not in line[-1:]:
            line.append(entry.version)
        elif entry.action == ROLLED_BACK:
            line = line[: line.index(entry.version) + 1] if entry.version in line else [*line, entry.version]
    return line


def metrics_of(entries: Sequence[Entry], version: str) -> Mapping[str, Mapping[str, float | None]]:
    """The figures on which the last decision about a version rests; none if there was no decision."""
    return next((entry.metrics for entry in reversed(entries) if entry.version == version), {})


def promotion_of(entries: Sequence[Entry], version: str) -> Entry | None:
    """The decision by which a version passed the gate last; None if it never did."""
    return next((one for one in reversed(entries) if one.action == PROMOTED and one.version == version), None)


def withdrawn(entries: Sequence[Entry], version: str) -> bool:
    """Whether `version` was champion, was rolled back, and has not come back since."""
    gone = False
    for entry in entries:
        if entry.action == ROLLED_BACK and entry.before == version:
            gone = True
        if entry.after == version:
            gone = False
    return gone


def entry_at(entries: Sequence[Entry], moment: datetime) -> Entry | None:
    """The decision that made the version champion which was it at `moment`; None before the first."""
    made = [entry for entry in entries if entry.action != REFUSED and datetime.fromisoformat(entry.time) <= moment]
    return made[-1] if made else None


def parse_time(text: str) -> datetime:
    """An ISO 8601 date or time; without a zone it is UTC, as the ledger's own times are."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise CasebookError(
            f"--at {text!r}: not a time; write it like 2026-11-22 or 2026-11-22T14:30:00+01:00"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _read(case: str, key: str, text: str) -> Entry:
    try:
        return Entry(**json.loads(text))
    except (TypeError, ValueError) as error:
        raise CasebookError(
            f"MLflow: the tag {key!r} of the registered model {case!r} is no ledger entry ({error}); "
            "it was edited: put its old text back or delete the tag"
        ) from None


def _within_limit(entry: Entry) -> Entry:
    """Give up what can be read elsewhere until the entry fits: the reasons' ends, then intervals of metrics."""
    for length in (400, 200, 100, 50):
        if len(_text(entry)) > LONGEST_ENTRY:
            entry = replace(entry, checks=[[name, passed, reason[:length]] for name, passed, reason in entry.checks])
    if len(_text(entry)) > LONGEST_ENTRY:
        entry = replace(entry, metrics={name: {"value": one["value"]} for name, one in entry.metrics.items()})
    if len(_text(entry)) > LONGEST_ENTRY:
        entry = replace(entry, checks=[check for check in entry.checks if not check[1]][:20], metrics={})
    return entry


def _text(entry: Entry) -> str:
    return json.dumps(asdict(entry), ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
