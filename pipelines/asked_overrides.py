"""Overrides that `casebook promote --override` hands to the stage `release`, for the version that was refused."""

import json
import os
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from components.core.blocks import read_block
from components.core.errors import CasebookError, nearest_of
from components.core.files import read_json
from components.core.job import Paths
from components.core.params.gate_override import Override

VARIABLE = "CASEBOOK_OVERRIDE"  # {"version": ..., "overrides": [...]}, as JSON


def asked_overrides(version: str | None) -> list[Override]:
    """Of this process, if they are for that version."""
    asked = json.loads(os.environ.get(VARIABLE) or "null")
    if asked is None or version is None or asked["version"] != version:
        return []
    return [read_block(Override, one, VARIABLE) for one in asked["overrides"]]


def variables(case: str, root: Path, only: Sequence[str], who: str, because: str, until: str) -> dict[str, str]:
    """What the stage is to be started with, so that the checks that refused the case's last version are overridden,
    or `only` those.

    Raises:
        CasebookError: the date is none or has come, there is no refused version, or no such check refused it.
    """
    version, refused = _refused(case, root)
    if wrong := sorted(set(only) - set(refused)):
        raise CasebookError(f"{case}: version {version} was not refused by {wrong[0]!r}{nearest_of(wrong[0], refused)}")
    content = [{"check": check, "who": who, "because": because, "until": until} for check in only or refused]
    given = [read_block(Override, one, "override", "--override") for one in content]
    now = datetime.now(UTC)
    if given[0].ended(now):
        raise CasebookError(f"--until {until}: that date has come; give a later one: today is {now:%Y-%m-%d} (UTC)")
    asked = {"version": version, "overrides": [one.model_dump(mode="json") for one in given]}
    return {VARIABLE: json.dumps(asked)}


def asks_again(report: Mapping[str, Any]) -> bool:
    """Whether the gate may answer otherwise now, by the report of the last release: it refused, or was overridden by
    what has ended.
    """
    given = [read_block(Override, one["override"], "override") for one in report["checks"] if one.get("override")]
    return not report["promoted"] or any(one.ended(datetime.now(UTC)) for one in given)


def _refused(case: str, root: Path) -> tuple[str, Collection[str]]:
    """The version that the gate was asked about last, and by which checks it was refused."""
    report = Paths(root).reports(case) / "release.json"
    found: dict[str, Any] = read_json(report) if report.is_file() else {}
    if found.get("version") is None:
        raise CasebookError(f"{case}: no version was refused here; `casebook promote {case}` registers one and asks")
    if found["promoted"]:
        raise CasebookError(f"{case}: version {found['version']} was promoted; there is nothing to override")
    checks = [one["name"] for one in found["checks"] if not one["passed"] and not one.get("override")]
    return str(found["version"]), checks
