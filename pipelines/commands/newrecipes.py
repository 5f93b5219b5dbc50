"""Which recipe a new case of rows is of, where nobody has said so: by what was asked for, and by the target itself."""

import logging
from collections.abc import Mapping
from pathlib import Path

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
        CasebookError: the target may be of several kinds, or is none; or the file cannot be read.
    """
    if asked.target is None:
        recipe, why = "survival", "there is an event"
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
