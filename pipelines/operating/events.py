"""What a team is told of, and what makes two events the same."""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal

Kind = Literal["drift", "retrain_refused", "retrain_failed", "champion_exchanged", "override_ended", "trial"]

LONGEST = 2000  # characters of a line: what a stage that failed said may be pages


@dataclass(frozen=True)
class Event:
    """`text` is one line for people, `details` are more of them. Two of the same kind, case and `key` are one event."""

    kind: Kind
    case: str
    key: str
    text: str
    details: tuple[str, ...] = ()
    time: str = ""

    @property
    def id(self) -> str:
        """The same on every machine and at every attempt, so that a receiver knows what it has already."""
        return hashlib.sha256("\n".join((self.kind, self.case, self.key)).encode()).hexdigest()[:32]

    def as_json(self) -> dict[str, Any]:
        """What a webhook gets."""
        shown = asdict(self)
        del shown["key"]
        return {"id": self.id, **shown, "details": list(self.details)}


def event(kind: Kind, case: str, key: str, text: str, details: Sequence[str] = ()) -> Event:
    """An event of now; of the text, which may name columns of data, a line is made."""
    lines = tuple(_line(one) for one in details)
    return Event(kind, case, key, _line(text), lines, datetime.now(UTC).isoformat(timespec="seconds"))


def trial() -> Event:
    """An event that says nothing but that events arrive; no two are the same."""
    return event("trial", "", uuid.uuid4().hex, "Casebook: a trial; events of operate.notify arrive here")


def override_ended(case: str, version: str, words: str) -> Event:
    """Overrides of the gate whose date has come, by which `version` still serves; `words` name them."""
    return event("override_ended", case, f"{version} {words}", words)


def retrain_refused(case: str, run: str, text: str, reasons: Sequence[str]) -> Event:
    """`run` is the flow run; one that is taken up again is the same."""
    return event("retrain_refused", case, run, text, reasons)


def retrain_failed(case: str, run: str, reason: str) -> Event:
    return event("retrain_failed", case, run, f"{case}: a retrain has failed: {reason}", [f"Prefect flow run {run}"])


def champion_exchanged(case: str, before: str | None, after: str | None, since: str | None) -> Event:
    """`since` is the ledger's time of the decision: the same version may become champion twice."""
    now = f"version {after} is champion" if after else "there is no champion"
    then = f"after version {before}" if before else "the first one"
    return event("champion_exchanged", case, f"{before} {after} {since}", f"{case}: {now}, {then}")


def _line(text: str) -> str:
    return " ".join(text.split())[:LONGEST]
