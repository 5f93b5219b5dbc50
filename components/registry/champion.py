"""Champion of a case, those before it, and whom a candidate has to hold against."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mlflow.exceptions import MlflowException

from components.registry.ledger import PROMOTED, Entry, champions, entry_at, history
from components.registry.local import CHAMPION as CHAMPION
from components.tracking.track import Tracker


def champion_version(tracker: Tracker, case: str) -> str | None:
    """The version that the alias `champion` names; None if the case has none."""
    try:
        aliases = tracker.client.get_registered_model(case).aliases
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return None
    return str(aliases[CHAMPION]) if CHAMPION in aliases else None


def rival_of(tracker: Tracker, case: str, version: str | None) -> str | None:
    """The champion that `version`, None if it is not registered, has to hold against; None if there never was one.

    For the present champion it is the one it took over from, so that a release that is repeated,
    after a kill or by hand, rests on the evidence it rested on before. A champion that only the
    ledger still knows counts: an alias that somebody removed does not open the gate.
    """
    entries = history(tracker, case)
    now = champion_version(tracker, case)
    if now is None:
        return next((one for one in reversed(champions(entries)) if one != version), None)
    if now != version:
        return now
    promotions = (one for one in reversed(entries) if one.action == PROMOTED and one.version == version != one.before)
    return next((one.before for one in promotions), None)


def champion_at(tracker: Tracker, case: str, moment: datetime | None = None) -> dict[str, Any] | None:
    """Name, version, origin, time and metrics of the champion now, or of the one it was at `moment`; None if none.

    The present one is the alias's; the ledger says since when, and nothing if it was set by hand.
    """
    entries = history(tracker, case)
    if moment is not None:
        entry = entry_at(entries, moment)
        return _described(case, entry.version, entry.origin, entry) if entry else None
    if (version := champion_version(tracker, case)) is None:
        return None
    entry = next((one for one in reversed(entries) if one.after == version != one.before), None)
    return _described(case, version, origin_of(tracker, case, version), entry)


def origin_of(tracker: Tracker, case: str, version: str) -> dict[str, str]:
    """The run a version came from, and the commit and data its tags name."""
    found = tracker.client.get_model_version(case, version)
    tags = {str(name): found.tags[name] for name in ("git_commit", "data_md5") if name in found.tags}
    return {"run_id": str(found.run_id), **tags}


def _described(case: str, version: str, origin: Mapping[str, str], entry: Entry | None) -> dict[str, Any]:
    return {
        "name": case,
        "version": version,
        "run_id": origin["run_id"],
        "commit": origin.get("git_commit"),
        "data_md5": origin.get("data_md5"),
        "promoted_at": entry.time if entry else None,
        "metrics": dict(entry.metrics) if entry else {},
    }
