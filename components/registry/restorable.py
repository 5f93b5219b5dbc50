"""Whether a registry can be built again from a ledger file: it is whole, and of the decisions that MLflow still has."""

import logging
from collections.abc import Sequence
from pathlib import Path

from components.core.errors import CasebookError
from components.registry.ledger import Entry, records_of, tagged
from components.registry.ledger_check import flaws
from components.registry.ledger_file import Content, Line, ledger_path, read_lines
from components.tracking.address import without_login
from components.tracking.track import Tracker

log = logging.getLogger(__name__)


def read_ledger(tracker: Tracker, case: str) -> tuple[Content, Path]:
    path = ledger_path(tracker.root, case)
    content, shown = read_lines(path), path.relative_to(tracker.root)
    if content.torn:
        log.warning("%s: line %d was cut off, as by a power cut; it is left out", shown, content.count + 1)
    if not content.lines and not content.unreadable:
        raise CasebookError(
            f"{shown}: no decision about {case} is there to build its registry from; `casebook restore FILE` brings a "
            f"backup back, `casebook run {case}` begins a new registry"
        )
    return content, shown


def lacking_of(case: str, content: Content, path: Path, tracker: Tracker) -> list[Line]:
    """The decisions that MLflow does not have.

    Raises:
        CasebookError: the file is damaged, or MLflow has others under their numbers.
    """
    model = tracker.registered_model(case)
    records = [] if model is None else records_of(case, model)
    known = {line.digest for line in content.lines}
    for one in flaws(case, path, content, [record for record in records if record.digest in known]):
        raise CasebookError(
            f"{one.what}: {one.found}, not {one.registered}: nothing is restored from a ledger that was changed; bring "
            "the file back from a backup"
        )
    for line in content.lines:
        _check_entry(path, line)
    there = {record.digest for record in records}
    lacking = [line for line in content.lines if line.digest not in there]
    new = [record for record in records if record.digest not in known]
    if lacking and new and not there & known:
        raise CasebookError(
            f"MLflow at {without_login(tracker.uri)} has {len(new)} other decisions about {case} by now, the first "
            f"about version {new[0].entry.version}; remove that model in MLflow, or move {path} away to keep those"
        )
    return lacking


def changed_tags(case: str, path: Path, content: Content, lacking: Sequence[Line], tracker: Tracker) -> list[str]:
    """Keys of tags that stand in the place of a line which the chain knows as the one that was written.

    Raises:
        CasebookError: nothing tells which of the two was.
    """
    model, found = tracker.registered_model(case), []
    numbers = {line.entry["number"]: line for line in lacking}
    known = {line.digest for line in content.lines}
    named = {one for line in content.lines for one in line.entry.get("parents") or ()}
    for key, record in () if model is None else tagged(case, model).items():
        line = numbers.get(record.entry.number)
        if line is None or record.digest in known or record.digest in named:
            continue
        if line.digest not in named:
            raise CasebookError(
                f"{path} line {line.number} and MLflow's tag {key} differ, and no decision follows that tells which "
                f"was changed: delete that tag, or move {path} away and let `casebook verify {case}` write it anew"
            )
        found.append(key)
    return found


def _check_entry(path: Path, line: Line) -> None:
    try:
        Entry(**line.entry)
        if line.version is not None:
            dict(line.version["tags"], model=line.version["model"])
    except (TypeError, ValueError, KeyError) as error:
        raise CasebookError(
            f"{path} line {line.number}: no decision as this version writes it ({error}); bring the file back from a "
            "backup, or upgrade"
        ) from None
