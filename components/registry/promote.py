"""From a decision to the champion, and back: the ledger is written first, then the alias follows."""

import math
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime

from mlflow.entities import Metric

from components.core.errors import CasebookError
from components.core.files import json_digest
from components.core.job import TEST
from components.core.params.gate_override import in_words
from components.core.results import Decision, Interval
from components.registry.champion import CHAMPION, champion_version, origin_of
from components.registry.gate import decision_digest
from components.registry.ledger import (
    PROMOTED,
    REFUSED,
    ROLLED_BACK,
    Entry,
    champions,
    history,
    promotion_of,
    recorded,
)
from components.registry.ledger_writing import append, catch_up
from components.registry.overriding import overrides_of
from components.registry.pages import write_pages
from components.registry.register import bundle_of, model_id_of
from components.tracking.track import Tracker, plain_name

OVERRIDES = "overrides"  # tag of a version that was promoted by some


def settle(
    tracker: Tracker,
    case: str,
    version: str,
    decision: Decision,
    metrics: Mapping[str, Interval | None],
    rival: str | None,
) -> Entry:
    """Write the gate's decision into the ledger, once, then tell it on the pages and let `champion` follow a promotion.

    The ledger comes first: cut off in between, the same call finds its entry, writes the pages and moves the alias.

    Raises:
        CasebookError: the champion is neither `rival`, against which the decision was made, nor
            this version: somebody else has promoted meanwhile.
    """
    now = champion_version(tracker, case)
    if now not in (rival, version, None):
        raise CasebookError(
            f"{case}: version {now} became champion while {version} was compared with {rival}; run again"
        )
    entry = recorded(history(tracker, case), version, decision_digest(decision))
    if entry is None:
        before = now if now is not None else rival
        _log_on_model(tracker, case, version, metrics)
        entry = append(tracker, case, _entry(decision, version, before, origin_of(tracker, case, version), metrics))
    else:
        catch_up(tracker, case)
    write_pages(tracker, case, _concerned(entry))
    if decision.promoted:
        tracker.client.set_registered_model_alias(case, CHAMPION, version)
    _tell_version(tracker, case, version, entry, decision)
    return entry


def _entry(
    decision: Decision,
    version: str,
    before: str | None,
    origin: Mapping[str, str],
    metrics: Mapping[str, Interval | None],
) -> Entry:
    return Entry(
        action=PROMOTED if decision.promoted else REFUSED,
        version=version,
        before=before,
        after=version if decision.promoted else before,
        digest=decision_digest(decision),
        origin=origin,
        metrics={name: _figures(one) for name, one in metrics.items() if one is not None},
        checks=[[check.name, check.passed, check.told] for check in decision.checks],
        overrides=_overrides(decision),
    )


def _overrides(decision: Decision) -> list[dict[str, str]]:
    """Of a promotion; what was overridden of a refusal lets nothing pass."""
    given = [check.override for check in decision.overridden if check.override is not None] if decision.promoted else []
    return [one.model_dump(mode="json") for one in given]


def _tell_version(tracker: Tracker, case: str, version: str, entry: Entry, decision: Decision) -> None:
    """What the gate said, as tags of the version: the entry's action, why, and who has overridden what until when."""
    tracker.client.set_model_version_tag(case, version, "decision", entry.action)
    tracker.client.set_model_version_tag(case, version, "decision_reasons", "; ".join(decision.reasons)[:5000])
    told = in_words(overrides_of([entry], version))
    if told or OVERRIDES in tracker.client.get_model_version(case, version).tags:
        tracker.client.set_model_version_tag(case, version, OVERRIDES, told[:5000])


def _log_on_model(tracker: Tracker, case: str, version: str, metrics: Mapping[str, Interval | None]) -> None:
    """Show the figures that decided beside the version, whose page shows those of its model."""
    found = tracker.client.get_model_version(case, version)
    model = model_id_of(found)
    known = {one.key: one.value for one in tracker.client.get_logged_model(model).metrics or ()}
    # The same moment each time, so that a call after a kill adds no second point; MLflow refuses another figure at it.
    first, again = int(found.creation_timestamp), int(datetime.now(UTC).timestamp() * 1000)
    told = {f"{TEST}/{plain_name(name)}": one.value for name, one in metrics.items() if one is not None}
    points = [
        Metric(name, value, again if name in known else first, 0, model_id=model)
        for name, value in told.items()
        if known.get(name) != value
    ]
    tracker.client.log_batch(str(found.run_id), points)


def _concerned(entry: Entry) -> list[str]:
    """The versions whose pages a decision changes."""
    return [version for version in (entry.version, entry.before, entry.after) if version is not None]


def _figures(one: Interval) -> dict[str, float | None]:
    """JSON has no NaN; a figure that is none is null."""
    return {name: number if math.isfinite(number) else None for name, number in asdict(one).items()}


def rollback(tracker: Tracker, case: str, to_version: str | None = None) -> Entry:
    """Make the champion before this one, or `to_version`, champion again, and record it.

    Raises:
        CasebookError: there is no champion, none before it, the version never passed the gate, is
            champion already, or cannot be read.
    """
    entries = history(tracker, case)
    now = champion_version(tracker, case)
    if (cut_off := _cut_off(entries, now)) is not None and to_version in (None, cut_off.version):
        catch_up(tracker, case)
        write_pages(tracker, case, _concerned(cut_off))
        tracker.client.set_registered_model_alias(case, CHAMPION, cut_off.version)
        return cut_off
    target = to_version or _champion_before(case, entries, now)
    _check_target(case, entries, now, target)
    bundle_of(tracker, case, target)
    promotion = promotion_of(entries, target)
    assert promotion is not None  # the target was checked
    entry = Entry(
        action=ROLLED_BACK,
        version=target,
        before=now,
        after=target,
        digest=json_digest({"rollback": [now, target]}),
        origin=promotion.origin,
        metrics=promotion.metrics,
        checks=(),
    )
    written = append(tracker, case, entry)
    write_pages(tracker, case, _concerned(written))
    tracker.client.set_registered_model_alias(case, CHAMPION, target)
    return written


def _cut_off(entries: list[Entry], now: str | None) -> Entry | None:
    """A rollback that was recorded but did not get to move the alias."""
    last = next((one for one in reversed(entries) if one.action != REFUSED), None)
    if last is None or last.action != ROLLED_BACK or last.before != now or last.after == now:
        return None
    return last


def _champion_before(case: str, entries: list[Entry], now: str | None) -> str:
    line = champions(entries)
    if now in line:
        line = line[: line.index(now)]
    if now is None or not line:
        raise CasebookError(f"{case}: no champion before version {now}; `casebook history {case}` shows all decisions")
    return line[-1]


def _check_target(case: str, entries: list[Entry], now: str | None, target: str) -> None:
    passed = sorted({one.version for one in entries if one.action == PROMOTED}, key=int)
    if target not in passed:
        raise CasebookError(
            f"{case}: version {target} never passed the gate; those that did: {', '.join(passed) or 'none'}"
        )
    if target == now:
        raise CasebookError(f"{case}: version {target} is the champion already")
