"""A registry built again from the checkout's ledger file and the models' files, which its database has left behind.

Versions keep their numbers, tags and bytes; runs, models and experiments get new ids in MLflow. All of it goes through
MLflow's client, so that a server's registry is built like the one in a checkout. While it is under way a tag of the
registered model says so: cut off, the same call goes on.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.core.errors import CasebookError
from components.registry.champion import BUNDLE_MD5, CHAMPION
from components.registry.keep import has_model, models_of, versions_of
from components.registry.ledger import (
    RESTORING,
    ROLLED_BACK,
    Entry,
    champions,
    entries_of,
    tag_of,
)
from components.registry.ledger_file import Content, canonical
from components.registry.model_folders import ModelFolders
from components.registry.pages import write_pages
from components.registry.register import CANDIDATE, model_id_of
from components.registry.restorable import changed_tags, lacking_of, read_ledger
from components.registry.restored_model import RESTORED, restore_model
from components.tracking.address import without_login
from components.tracking.track import Tracker

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Restored:
    """What came back of a case: `gone` are versions without whole files, `champion` is the version of that alias.
    Nothing of it where MLflow had everything.
    """

    case: str
    versions: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    decisions: int = 0
    champion: str | None = None


def restore_registry(tracker: Tracker, case: str, places: Sequence[Path]) -> Restored:
    """Build what MLflow has lost of the case; files of models are looked for below `places`.

    Raises:
        CasebookError: there is no ledger file, it is damaged, or MLflow has other decisions or versions by now.
    """
    content, path = read_ledger(tracker, case)
    model = tracker.registered_model(case)
    lacking = lacking_of(case, content, path, tracker)
    if model is not None and not lacking and RESTORING not in model.tags:
        return Restored(case)
    changed = changed_tags(case, path, content, lacking, tracker)
    if not has_model(tracker, case):
        tracker.client.create_registered_model(case)
    tracker.client.set_registered_model_tag(case, RESTORING, "yes")
    folders = ModelFolders(places)
    numbers = _numbers(content)
    found = {number: _restore(tracker, case, number, content, folders) for number in sorted(numbers)}
    _reserve(tracker, case, max(numbers))
    _sweep(tracker, case)
    for key in changed:
        tracker.client.delete_registered_model_tag(case, key)
    for line in lacking:
        tracker.client.set_registered_model_tag(case, tag_of(line.entry), canonical(line.entry))
    whole = [str(number) for number, is_there in found.items() if is_there]
    champion = _point(tracker, case)
    write_pages(tracker, case, whole)
    tracker.client.delete_registered_model_tag(case, RESTORING)
    gone = [str(number) for number, is_there in found.items() if not is_there]
    return Restored(case, tuple(whole), tuple(gone), len(lacking), champion)


def _numbers(content: Content) -> set[int]:
    named = [line.entry.get(which) for line in content.lines for which in ("version", "before", "after")]
    return {int(number) for number in named if number is not None}


def _restore(tracker: Tracker, case: str, number: int, content: Content, folders: ModelFolders) -> bool:
    """Whether the version is there, afterwards."""
    lines = [line for line in content.lines if line.entry["version"] == str(number)]
    known = next((line.version for line in reversed(lines) if line.version is not None), None)
    there = tracker.model_version(case, str(number))
    if there is not None and _is_it(there.tags, number, known):
        return True
    if there is not None:
        if RESTORED not in there.tags:
            raise CasebookError(
                f"MLflow at {without_login(tracker.uri)}: version {number} of {case} is not the ledger's; "
                "remove that model in MLflow, then run this again"
            )
        tracker.client.delete_model_version(case, str(number))  # made for its number, by a call that was cut off
    if not lines:
        return False
    folder = folders.take(known, lines[-1].entry["origin"])
    if folder is None:
        return False
    return _numbered(tracker, case, number, restore_model(tracker, case, folder, known, lines))


def _is_it(tags: Mapping[str, str], number: int, known: Mapping[str, Any] | None) -> bool:
    if RESTORED in tags:
        return tags[RESTORED] == str(number)
    return known is None or tags.get(BUNDLE_MD5) == known["tags"].get(BUNDLE_MD5)


def _numbered(tracker: Tracker, case: str, number: int, version: Mapping[str, Any]) -> bool:
    """Create the version under its own number: MLflow counts up, so those before it are made and deleted."""
    while (made := int(tracker.client.create_model_version(case, **version).version)) != number:
        tracker.client.delete_model_version(case, str(made))
        if made > number:
            log.warning("%s: MLflow has used the number of version %d for another one", case, number)
            return False
    return True


def _reserve(tracker: Tracker, case: str, highest: int) -> None:
    """Use up the numbers of versions that are gone, so that no other one gets them."""
    numbers = [int(one.version) for one in versions_of(tracker, case)]
    if max(numbers, default=0) >= highest:
        return
    model = tracker.client.create_logged_model(tracker.experiment(case), name=case, tags={RESTORED: str(highest)})
    source = f"models:/{model.model_id}"
    made = 0
    while made < highest:
        made = int(tracker.client.create_model_version(case, source, tags={RESTORED: "none"}).version)
        tracker.client.delete_model_version(case, str(made))
    tracker.client.delete_logged_model(model.model_id)


def _sweep(tracker: Tracker, case: str) -> None:
    """Delete models that a call which was cut off has left without a version."""
    needed = {model_id_of(one) for one in versions_of(tracker, case)}
    for model in list(models_of(tracker, tracker.experiment(case))):
        if RESTORED in model.tags and model.model_id not in needed:
            tracker.client.delete_logged_model(model.model_id)


def _point(tracker: Tracker, case: str) -> str | None:
    """Set the aliases and what each version says of its decision; return the champion's version, if it is there."""
    model = tracker.registered_model(case)
    entries = [] if model is None else entries_of(case, model)
    whole = {str(one.version) for one in versions_of(tracker, case)}
    judged: dict[str, Entry] = {one.version: one for one in entries if one.action != ROLLED_BACK}
    for version in (one for one in judged if one in whole):
        reasons = "; ".join(str(reason) for _, passed, reason in judged[version].checks if not passed)
        tracker.client.set_model_version_tag(case, version, "decision", judged[version].action)
        tracker.client.set_model_version_tag(case, version, "decision_reasons", reasons[:5000])
    released = [one.version for one in entries if one.action != ROLLED_BACK and one.version in whole]
    if released:
        tracker.client.set_registered_model_alias(case, CANDIDATE, released[-1])
    line = champions(entries)
    if not line or line[-1] not in whole:
        return None
    tracker.client.set_registered_model_alias(case, CHAMPION, line[-1])
    return line[-1]
