"""A `prepare` block for a cohort that nobody has described: that of one kind of event, with causes that were named."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from components.core.errors import CasebookError
from components.kits.survival.cohort import EVENT
from components.kits.survival.preparation.cohort import read_cohort
from components.kits.survival.preparation.course import quoted
from components.kits.tables.hints import Hints
from components.recipes.competing_risks.params.cohort import CausesParams
from components.recipes.competing_risks.preparation.enough import check_causes
from components.recipes.competing_risks.preparation.outcome import read_causes, tell_causes

log = logging.getLogger(__name__)

Named = Mapping[str, Sequence[str]]  # values by the name of their cause, that of interest first


def as_one_event(
    causes: Named, column: str | None, event_value: Sequence[str], hints: Hints
) -> tuple[tuple[str, ...], Hints]:
    """What `infer_cohort` is told: which values are an event of any cause, and that the `column` that names causes,
    where it is not that of the event, is none to learn from.

    Raises:
        CasebookError: no two causes are named, or values of the event are named twice.
    """
    if len(causes) < 2:
        raise CasebookError(
            "name the kinds of events with --cause, two at least, that of interest first, such as --cause relapse=1 "
            "--cause death=2; of one kind alone it is a case of --recipe survival"
        )
    if column is not None:
        return tuple(event_value), replace(hints, ignore=(*hints.ignore, column))
    if event_value:
        raise CasebookError("--event-value goes with --cause-column; without it the values of --cause are the events")
    return tuple(value for values in causes.values() for value in values), hints


def with_causes(block: dict[str, Any], causes: Named, column: str | None, path: Path) -> dict[str, Any]:
    """The block of `infer_cohort` with causes, once the file's rows are known to have enough of each.

    Raises:
        CasebookError: a value stands for no cause or for two, or too few rows end with one.
    """
    target = {key: value for key, value in block["target"].items() if key != "event_value" or column is not None}
    said = {} if column is None else {"cause": quoted(column)}
    target |= said | {"causes": [{"name": name, "values": [*values]} for name, values in causes.items()]}
    ignore = {name: reason for name, reason in block["ignore"].items() if name != column}
    found = {**block, "target": target, "ignore": ignore}
    try:
        spec = CausesParams.model_validate(found)
    except ValueError as error:
        raise CasebookError(f"{path}: --cause: {_first(error)}") from None
    cause = read_cohort(path, spec.target, spec, read=read_causes).rows[EVENT].to_numpy()
    check_causes(cause, spec.target, str(path))
    tell_causes(cause, spec)
    return found


def _first(error: ValueError) -> str:
    """Of pydantic's list the first sentence."""
    errors = getattr(error, "errors", None)
    return str(errors()[0]["msg"]).removeprefix("Value error, ") if errors is not None else str(error)
