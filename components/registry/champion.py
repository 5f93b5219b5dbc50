"""Champion of a case, those before it, and whom a candidate has to hold against."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from components.core.errors import CasebookError
from components.registry.ledger import (
    PROMOTED,
    Entry,
    champions,
    entries_of,
    entry_at,
    history,
    known_model,
    promotion_of,
)
from components.tracking.address import without_login
from components.tracking.reading.registry import RegisteredModel, RegisteredVersion, Registry

CHAMPION = "champion"
COMMIT, DATA_MD5, BUNDLE_MD5 = "git_commit", "data_md5", "bundle_md5"  # tags of a version
HISTORIES_MD5, HISTORIES_UNTIL, ENCODERS = "histories_md5", "histories_until", "encoders"  # of one that keeps such
DIGITS = 9  # of a version's number; what has more is none, and no database takes it for one
NOBODY = RegisteredModel({}, {})


def champion_version(registry: Registry, case: str) -> str | None:
    """The version that the alias `champion` names; None if the case has none."""
    return (known_model(registry, case) or NOBODY).aliases.get(CHAMPION)


def rival_of(registry: Registry, case: str, version: str | None) -> str | None:
    """The champion that `version`, None if it is not registered, has to hold against; None if there never was one.

    For the present champion it is the one it took over from, so that a release that is repeated,
    after a kill or by hand, rests on the evidence it rested on before. A champion that only the
    ledger still knows counts: an alias that somebody removed does not open the gate.
    """
    entries = history(registry, case)
    now = champion_version(registry, case)
    if now is None:
        return next((one for one in reversed(champions(entries)) if one != version), None)
    if now != version:
        return now
    promotions = (one for one in reversed(entries) if one.action == PROMOTED and one.version == version != one.before)
    return next((one.before for one in promotions), None)


def champion_at(registry: Registry, case: str, moment: datetime | None = None) -> dict[str, Any] | None:
    """Name, version, origin, time and metrics of the champion now, or of the one it was at `moment`; None if none.

    The present one is the alias's; the ledger says since when, and nothing if it was set by hand. The metrics are
    those of the variant that is served, on the test split; the overrides those by which it was promoted last.
    """
    model = known_model(registry, case) or NOBODY
    entries = entries_of(case, model)
    if moment is not None:
        entry = entry_at(entries, moment)
        return _described(case, entry.version, entry.origin, entry, entries) if entry else None
    if (version := model.aliases.get(CHAMPION)) is None:
        return None
    entry = next((one for one in reversed(entries) if one.after == version != one.before), None)
    return _described(case, version, origin_of(registry, case, version), entry, entries)


def origin_of(registry: Registry, case: str, version: str) -> dict[str, str]:
    """The run a version came from, and the commit and data its tags name."""
    found = find_version(registry, case, version)
    return {"run_id": found.run_id, **{name: found.tags[name] for name in (COMMIT, DATA_MD5) if name in found.tags}}


def find_version(registry: Registry, case: str, which: str) -> RegisteredVersion:
    """The version of that number or alias.

    Raises:
        CasebookError: there is none.
    """
    number = which if which.isdigit() else (known_model(registry, case) or NOBODY).aliases.get(which)
    found = None if number is None or len(number) > DIGITS else registry.model_version(case, number)
    if found is None:
        known_model(registry, case)  # or it has lost it
        kind = "version" if which.isdigit() else "alias"
        raise CasebookError(
            f"MLflow at {without_login(registry.uri)}: {case} has no {kind} {which!r}; "
            f"`casebook history {case}` shows what there is, `dvc repro release@{case}` registers a version"
        )
    return found


def _described(
    case: str, version: str, origin: Mapping[str, str], entry: Entry | None, entries: Sequence[Entry]
) -> dict[str, Any]:
    passed = promotion_of(entries, version)
    return {
        "name": case,
        "version": version,
        "run_id": origin["run_id"],
        "commit": origin.get("git_commit"),
        "data_md5": origin.get("data_md5"),
        "promoted_at": entry.time if entry else None,
        "metrics": dict(entry.metrics) if entry else {},
        "overrides": [] if passed is None else [dict(one) for one in passed.overrides],
    }
