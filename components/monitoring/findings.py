"""Findings of monitoring in a sample of rows, and whether they call for a retrain."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from components.core.params.monitor import MonitorParams
from components.core.results import Observed
from components.core.written import written
from components.monitoring.drift import Drift, Pair, compare
from components.monitoring.quality import Quality

SAID = "said: "  # before what a model said, so that it is no column of the same name
SHOWN = 5


@dataclass(frozen=True)
class Findings:
    """`columns` are the model's inputs, `scores` what it said of them; `pairs` the values that were compared, by name.

    Of `seen` rows `compared` units were looked at. `reasons` call for a retrain, `notes` are what a reader has to know.
    """

    seen: int
    compared: int
    columns: tuple[Drift, ...]
    scores: tuple[Drift, ...]
    quality: Quality
    pairs: dict[str, Pair]
    reasons: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def drifted(self) -> tuple[Drift, ...]:
        return tuple(one for one in (*self.scores, *self.columns) if one.drifted)


def examine(
    recent: Observed, reference: Observed, quality: Quality, params: MonitorParams, *, seen: int, notes: Sequence[str]
) -> Findings:
    """Compare recent units with those of the reference, each column and each score, and weigh what was found."""
    pairs = _pairs(recent, reference, params)
    found = compare(pairs, params.drift)
    scores = tuple(one for one in found if one.name.startswith(SAID))
    columns = tuple(one for one in found if not one.name.startswith(SAID))
    units = len(recent.features)
    few = units < params.min_rows
    reasons = [] if few else list(_reasons(columns, scores, quality, params))
    if few:
        notes = [*notes, f"{units} units were looked at and {params.min_rows} are needed: nothing is decided"]
    return Findings(seen, units, columns, scores, quality, pairs, tuple(reasons), tuple(notes))


def _pairs(recent: Observed, reference: Observed, params: MonitorParams) -> dict[str, Pair]:
    names = [name for name in reference.features if name not in params.drift.ignore]
    pairs = {str(name): (reference.features[name], recent.features[name]) for name in names}
    return pairs | {f"{SAID}{name}": (reference.scores[name], recent.scores[name]) for name in reference.scores}


def _reasons(
    columns: Sequence[Drift], scores: Sequence[Drift], quality: Quality, params: MonitorParams
) -> Iterator[str]:
    if moved := [one for one in scores if one.drifted]:
        yield f"what the model says has drifted: {_listed(moved)}"
    moved = [one for one in columns if one.drifted]
    if moved and len(moved) >= params.drift.columns * len(columns):
        yield f"{len(moved)} of {len(columns)} columns have drifted: {_listed(moved)}"
    if quality.dropped and quality.now is not None and quality.before is not None and quality.change is not None:
        yield (
            f"{quality.metric} went from {written(quality.before.value)} to {written(quality.now.value)} on "
            f"{quality.rows} labelled units (change {written(quality.change.low)} to {written(quality.change.high)})"
        )


def _listed(drifts: Sequence[Drift]) -> str:
    shown = ", ".join(f"{one.name.removeprefix(SAID)} (PSI {one.psi:.2f})" for one in drifts[:SHOWN])
    return f"{shown}, …" if len(drifts) > SHOWN else shown
