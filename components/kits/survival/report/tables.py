"""Tables of the model card that every recipe of times to events has: plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from components.core.results import Cell, Table
from components.kits.survival.report.decisions import Decisions


@dataclass(frozen=True)
class Labels:
    """What the event is called, what the risk is `of`, and how it was observed."""

    event: str
    of: str
    observed: str


OF_ONE_EVENT = Labels("event", "", "observed (Kaplan-Meier)")


def decisions_table(
    found: Mapping[str, Decisions],
    threshold: float,
    horizon: float,
    specificity: float,
    over: str,
    unit: str = "years",
    what: Labels = OF_ONE_EVENT,
) -> Table:
    """Two rows a split, with the event and without; `over` is what a risk over the threshold is answered."""
    rows: list[list[Cell]] = []
    for split, one in found.items():
        shares = [None if part is None else part.value for part in (one.sensitivity, one.specificity)]
        rows.append([split, what.event, one.hit, one.missed, shares[0]])
        rows.append([split, f"no {what.event}", one.false, one.cleared, shares[1]])
    columns = ["split", f"by {horizon:g} {unit}", "over the threshold", "under it", "share on the right side"]
    unknown = ", ".join(f"{split} {one.unknown:,}" for split, one in found.items())
    precision = ", ".join(
        f"{split} {one.precision.value:.4f}" for split, one in found.items() if one.precision is not None
    )
    note = (
        f"A risk{what.of} by {horizon:g} {unit} of {threshold:.4f} or more is answered {over}: the lowest threshold "
        f"with a specificity of {specificity:g} on validation. Of those over it had the event (precision): {precision}."
        f" Left out, as not followed until then: {unknown}."
    )
    return Table("Decisions at the threshold", columns, rows, note)


def subgroup_table(
    split: str,
    found: Mapping[str, Sequence[Mapping[str, Any]]],
    horizon: float,
    minimum: int,
    unit: str = "years",
    what: Labels = OF_ONE_EVENT,
) -> Table:
    """The rows of `groups.subgroups`, column by column."""
    rows: list[list[Cell]] = [
        [
            column,
            one["group"],
            one["rows"],
            one["events"],
            *(_or_insufficient(one, part) for part in ("measure", "predicted", "observed")),
        ]
        for column, table in found.items()
        for one in table
    ]
    columns = ["column", "group", "rows", "events", "C-index", "predicted", what.observed]
    note = f"Risk{what.of} by {horizon:g} {unit}. Groups under {minimum} rows are insufficient."
    return Table(f"Subgroups, {split}", columns, rows, note)


def finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _or_insufficient(row: Mapping[str, Any], part: str) -> float | str | None:
    return row[part] if row["sufficient"] else "insufficient"
