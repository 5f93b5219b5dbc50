"""Which recipe a new case of rows is of, where nobody has said so: by what was asked for, and by the target itself."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from components.kits.survival.preparation.kinds import kinds_of_event
from components.kits.tables.infer import undescribed
from components.kits.tables.outcome.kind import Target, find_kind
from pipelines.commands.newasked import Asked

log = logging.getLogger(__name__)

RECIPES: Mapping[Target, str] = {
    Target.TWO: "binary",
    Target.CLASSES: "multiclass",
    Target.NUMBER: "regression",
}


def pick(csv: Path, asked: Asked) -> str:
    """The recipe, which is told with why.

    Raises:
        CasebookError: the target may be of several kinds, or is none; or the file cannot be read. Of a cohort it is
            asked later what its event is.
    """
    if asked.target is None:
        recipe, why = _of_cohort(csv, asked)
    elif asked.positive is not None:
        recipe, why = "binary", "--positive names one of two values"
    elif asked.merge or asked.min_class_rows is not None:
        recipe, why = "multiclass", "--merge and --min-class-rows are of classes"
    else:
        say = {kind: f"--recipe {name}" for kind, name in RECIPES.items()}
        kind, because = find_kind(undescribed(csv, asked.numbers, asked.hints), asked.target, asked.ignore_target, say)
        recipe, why = RECIPES[kind], f"{asked.target} has {kind.value}: {because}"
    log.info("recipe %s: %s; --recipe takes another", recipe, why)
    return recipe


def with_kinds(csv: Path, asked: Asked) -> Asked:
    """With the kinds of events that the words of the event's column name, where a person has named none."""
    if asked.causes or (found := _kinds(csv, asked)) is None:
        return asked
    causes, censored = found
    log.info(
        "column %s: kinds of events are %s; the first is of interest, --cause NAME=VALUE for each names another one",
        asked.event, ", ".join(causes),
    )  # fmt: skip
    return replace(asked, causes=causes, censored_value=censored)


def _of_cohort(csv: Path, asked: Asked) -> tuple[str, str]:
    if asked.causes or asked.cause_column is not None:
        return "competing_risks", "--cause names kinds of events"
    if asked.event_value or (found := _kinds(csv, asked)) is None:
        return "survival", "there is an event, and no --cause"
    return "competing_risks", f"{asked.event} names {len(found[0])} kinds of events; --event-value makes one of them"


def _kinds(csv: Path, asked: Asked) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]] | None:
    if asked.event is None or asked.event_value or asked.cause_column is not None:
        return None
    table = undescribed(csv, asked.numbers, asked.hints)
    return kinds_of_event(table.cells(asked.event)[0], table.missing, asked.censored_value)
