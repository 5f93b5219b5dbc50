"""Report of monitoring: a page that stands alone, its pictures, and the figures as JSON."""

import base64
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from components.core.files import write_json, write_text
from components.core.params.monitor import MonitorParams
from components.core.results import Interval
from components.core.written import written
from components.evaluation.presentation.figures import save
from components.evaluation.presentation.pages import html_page
from components.monitoring import figures
from components.monitoring.drift import Drift
from components.monitoring.findings import Findings

PAGE, FIGURES, PICTURES = "monitoring.html", "monitoring.json", "pictures"
TEMPLATE = Path(__file__).with_name("report.html.j2")
TESTS = {"ks": "Kolmogorov-Smirnov", "chi2": "chi squared"}


def write_report(folder: Path, title: str, facts: Sequence[str], found: Findings, params: MonitorParams) -> None:
    """Write the page, `monitoring.json` and `pictures/` into a folder."""
    drifts = sorted((*found.columns, *found.scores), key=lambda one: -one.psi)
    drawn = {}
    if drifts:
        drawn["distances"] = figures.distances(drifts, threshold=params.drift.psi)
        drawn["values"] = figures.values(drifts, found.pairs, bins=params.drift.bins)
    if found.quality.now is not None:
        drawn["quality"] = figures.quality_change(found.quality)
    for name, figure in drawn.items():
        save(figure, folder / PICTURES / f"{name}.png")
    pictures = {
        name: base64.b64encode((folder / PICTURES / f"{name}.png").read_bytes()).decode("ascii") for name in drawn
    }
    write_json(folder / FIGURES, as_json(found))
    write_text(folder / PAGE, _page(title, facts, found, pictures))


def as_json(found: Findings) -> dict[str, Any]:
    """The findings without the values that were compared."""
    return {
        "seen": found.seen,
        "compared": found.compared,
        "columns": [asdict(one) for one in found.columns],
        "said": [asdict(one) for one in found.scores],
        "quality": asdict(found.quality),
        "reasons": list(found.reasons),
        "notes": list(found.notes),
    }


def as_metrics(found: Findings) -> dict[str, float]:
    """By name what a chart over many runs shows."""
    quality = found.quality
    return {
        "monitor/rows": float(found.seen),
        "monitor/compared": float(found.compared),
        "monitor/drifted": float(len(found.drifted)),
        "monitor/reasons": float(len(found.reasons)),
        **{f"psi/{one.name}": one.psi for one in (*found.columns, *found.scores)},
        **({f"monitor/{quality.metric}": quality.now.value} if quality.now is not None else {}),
    }


def as_table(found: Findings) -> pd.DataFrame:
    return pd.DataFrame([_row(one) for one in (*found.scores, *found.columns)])


def verdict(found: Findings) -> str:
    if found.reasons:
        return "Retrain: the model meets other rows than those it was made for"
    drifted = len(found.drifted)
    return f"No reason to retrain; {drifted} column(s) have drifted" if drifted else "No drift"


def _row(one: Drift) -> dict[str, Any]:
    return {
        "column": one.name,
        "psi": one.psi,
        "test": one.test,
        "p": one.p,
        "p corrected": one.adjusted,
        "missing then": one.missing[0],
        "missing now": one.missing[1],
        "drifted": one.drifted,
    }


def _page(title: str, facts: Sequence[str], found: Findings, pictures: dict[str, str]) -> str:
    return html_page(
        TEMPLATE,
        title=title,
        facts=facts,
        found=found,
        verdict=verdict(found),
        pictures=pictures,
        tests=TESTS,
        interval=_shown,
    )


def _shown(one: Interval) -> str:
    return f"{written(one.value)} ({written(one.low)} to {written(one.high)})"
