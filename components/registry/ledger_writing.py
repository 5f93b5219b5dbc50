"""Writing of the ledger: a decision goes into MLflow's tags, then into the checkout's file.

What a kill or another machine has left out of the file, the next decision writes.
"""

import logging
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

from mlflow.exceptions import MlflowException

from components.core.job import Paths
from components.core.locks import held_lock
from components.core.user import user_name
from components.registry.ledger import Entry, Record, heads, known_model, parents_of, records_of, tag_of
from components.registry.ledger_file import Content, add_lines, canonical, ledger_path, read_lines
from components.tracking.track import Tracker

log = logging.getLogger(__name__)

LONGEST_ENTRY = 5000  # characters; the width of MLflow's column on databases that have widths


def append(tracker: Tracker, case: str, entry: Entry) -> Entry:
    """Write `entry` after the last ones and return it with its number, time and parents.

    The key ends in the entry's own digest, so that two machines that write at once lose neither. The tag is written
    before the line of the file: cut off in between, `catch_up` writes that.
    """
    with _held(tracker, case):
        records = _caught_up(tracker, case)
        number = records[-1].entry.number + 1 if records else 1
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        written = replace(entry, number=number, time=now, by=user_name(), parents=heads(records))
        words = asdict(written := _within_limit(written))
        tracker.client.set_registered_model_tag(case, tag_of(words), canonical(words))
        add_lines(tracker.root, case, [(words, _version(tracker, case, written.version))])
    return written


def catch_up(tracker: Tracker, case: str) -> None:
    """Write into the file what other checkouts, or a process that was killed, have written into MLflow alone."""
    with _held(tracker, case):
        _caught_up(tracker, case)


def _held(tracker: Tracker, case: str) -> AbstractContextManager[None]:
    return held_lock(Paths(tracker.root).state(case) / "ledger.lock", f"the ledger of {case}")


def _caught_up(tracker: Tracker, case: str) -> list[Record]:
    """The entries of the registry, which the file then has as well."""
    model, content = known_model(tracker, case), read_lines(path := ledger_path(tracker.root, case))
    records = [] if model is None else records_of(case, model)
    new = _unwritten(records, content)
    if new or content.torn:
        add_lines(tracker.root, case, [(one.words, _version(tracker, case, one.entry.version)) for one in new])
    if content.torn:
        log.warning(
            "%s: line %d was cut off, as by a power cut; %s",
            path,
            content.count + 1,
            "written again from MLflow's tags"
            if new
            else "removed, MLflow's tags have no decision that the file lacks",
        )
    return records


def _unwritten(records: Sequence[Record], content: Content) -> list[Record]:
    """What the file has yet to get. What it has lost is not among it: a line names that, or stands in its place."""
    lines = {line.digest for line in content.lines}
    known = {record.digest for record in records}
    named = {digest for one, parents in parents_of(records).items() if one in lines for digest in parents}
    named |= {digest for line in content.lines for digest in line.entry.get("parents") or ()}
    taken = {line.entry["number"] for line in content.lines if line.digest not in known}
    out = lines | named
    return [one for one in records if one.digest not in out and one.entry.number not in taken]


def _version(tracker: Tracker, case: str, number: str) -> dict[str, Any] | None:
    """What registering the version again takes; None if it is deleted."""
    try:
        found = tracker.client.get_model_version(case, number)
    except MlflowException as error:
        if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            raise
        return None
    tags = {name: value for name, value in found.tags.items() if not name.startswith("decision")}
    return {"model": str(found.source).removeprefix("models:/"), "tags": tags}


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
    return canonical(asdict(entry))
