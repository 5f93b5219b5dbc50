"""Prognosis over folds, and the external cohort of the last run, beside their peers; see `benchmarks.crossval`."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.crossval import PEERS
from benchmarks.crossval import measure as crossval
from benchmarks.results import Limit, Result
from components.core.errors import CasebookError
from components.core.files import read_json

CASE = "medical_prognosis"


def measure(_case: str, root: Path) -> Result:
    """The external figures are read where `casebook run medical_prognosis` left them."""
    metrics = root / "reports" / CASE / "metrics.json"
    if not metrics.exists():
        raise CasebookError(f"{metrics}: not found; run `casebook run {CASE}` first")
    return with_external(crossval(CASE, root), read_json(metrics)["external"], read_json(PEERS)[CASE])


def with_external(folds: Result, external: dict[str, Any], peers: dict[str, Any]) -> Result:
    """The folds' table with the external limits, and a note for each peer's external figures."""
    shown = {name: external[name]["value"] for name in next(iter(peers["external"].values()))}
    limits = [Limit(f"external {name}", shown[name], **bound) for name, bound in peers["wanted_external"].items()]
    notes = [_told("external, served model", shown)]
    notes += [_told(f"external, {who}", metrics) for who, metrics in peers["external"].items()]
    return replace(
        folds,
        limits=[*folds.limits, *limits],
        notes=[*folds.notes, *notes],
        details={**folds.details, "external": external},
    )


def _told(who: str, metrics: dict[str, float]) -> str:
    return f"{who}: {', '.join(f'{name} {value:.4f}' for name, value in metrics.items())}."
