"""Blocks of new cases of rows, by recipe: the pattern's, less all that speaks of its columns, and what the rows say."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from components.core.errors import CasebookError
from components.core.params.defaults import defaults_of
from components.kits.survival.preparation.course import PLAIN, fitted_curve
from components.kits.survival.preparation.infer import infer_cohort
from components.kits.tables.infer import infer_rows
from components.kits.tables.outcome.aims import Aim, Amounts, Classes, TwoValues
from components.kits.tables.outcome.number import read_number
from components.kits.tables.outcome.params import NumberParams
from components.kits.tables.read import read_table
from components.recipes.competing_risks.preparation.infer import as_one_event, with_causes
from components.recipes.regression.preparation.infer import loss_of
from pipelines.commands.newasked import Asked
from pipelines.commands.newrecipes import with_kinds

log = logging.getLogger(__name__)

UNSTATED = {
    "notice": "Research software; not checked for decisions about people.",
    "intended_use": "Not stated; say it here.",
    "limits": "Not stated; say it here.",
}
BY_DEFAULT = ("multiclass", "regression", "competing_risks")  # recipes whose shipped cases are no pattern of numbers
NUMBERS = ("model", "search", "fit", "compress")
Plan = Callable[[dict[str, Any], Path, Asked], dict[str, Any]]


def as_by_default(block: dict[str, Any]) -> dict[str, Any]:
    """The block with the numbers of its recipe's defaults, which suit more rows than those that a case was tuned by."""
    recipe = block["recipe"]
    if recipe not in BY_DEFAULT:
        return block
    defaults = defaults_of(recipe)
    return {**block, **{name: _over(block[name], defaults[name]) for name in NUMBERS if name in defaults}}


def _over(block: Any, defaults: Any) -> Any:
    """What the defaults state, and what they leave to a case."""
    if not isinstance(block, dict) or not isinstance(defaults, dict):
        return defaults
    own = {key: value for key, value in block.items() if key not in defaults}
    return {key: _over(block.get(key), value) for key, value in defaults.items()} | own


def two_values(block: dict[str, Any], csv: Path, asked: Asked) -> dict[str, Any]:
    _refuse_of_classes(block, asked)
    planned = _table(block, csv, asked, TwoValues(asked.positive, asked.ignore_target))
    labels, model = planned["prepare"]["target"], planned["model"]
    decisions = [labels["positive"], labels["negative"]]
    return {**planned, "model": {**model, "serving": {**model["serving"], "decisions": decisions}}}


def classes(block: dict[str, Any], csv: Path, asked: Asked) -> dict[str, Any]:
    _refuse_positive(block, asked)
    stated = block["prepare"]
    least = stated["min_class_rows"] if asked.min_class_rows is None else asked.min_class_rows
    return _table(block, csv, asked, Classes(asked.ignore_target, asked.merge, least, stated["max_leak_auc"]))


def number(block: dict[str, Any], csv: Path, asked: Asked) -> dict[str, Any]:
    _refuse_positive(block, asked)
    _refuse_of_classes(block, asked)
    planned = _table(block, csv, asked, Amounts(asked.ignore_target, block["prepare"]["max_leak_r2"]))
    spec, model = NumberParams.model_validate(planned["prepare"]), planned["model"]
    if (found := loss_of(read_number(read_table(csv, spec.read), spec, csv).dropna().to_numpy())) is None:
        return planned
    log.info("model.loss.kind %s: %s", *found)
    return {**planned, "model": {**model, "loss": {**model["loss"], "kind": found[0]}}}


def cohort(block: dict[str, Any], csv: Path, asked: Asked) -> dict[str, Any]:
    """The same for a cohort, answered at those of the horizons that it was followed for."""
    event = _check_cohort(block, asked)
    if asked.causes or asked.cause_column is not None:
        raise CasebookError("--cause is of several kinds of events, --recipe competing_risks; survival has one")
    return _followed(block, csv, asked, event)


def causes(block: dict[str, Any], csv: Path, asked: Asked) -> dict[str, Any]:
    """The same where the event's column, or another one, names several kinds of events."""
    event = _check_cohort(block, asked)
    asked = with_kinds(csv, asked)
    values, hints = as_one_event(asked.causes, asked.cause_column, asked.event_value, asked.hints)
    planned = _followed(block, csv, replace(asked, event_value=values, hints=hints), event)
    return {**planned, "prepare": with_causes(planned["prepare"], asked.causes, asked.cause_column, csv)}


PLANS: Mapping[str, Plan] = {
    "binary": two_values,
    "multiclass": classes,
    "regression": number,
    "survival": cohort,
    "competing_risks": causes,
}


def _table(block: dict[str, Any], csv: Path, asked: Asked, aim: Aim) -> dict[str, Any]:
    recipe = block["recipe"]
    if asked.event_value or asked.censored_value or asked.causes:
        raise CasebookError(
            f"--event-value, --censored-value and --cause are of a cohort (--time, --event), and a case of {recipe} is "
            "none: --positive names the value of --target to look for"
        )
    if asked.course != PLAIN:
        raise CasebookError(
            "--entry, --start, --stop, --start-date, --end-date, --unit and --horizons are of a cohort (--event), and "
            f"a case of {recipe} is none"
        )
    if asked.target is None or asked.time is not None or asked.event is not None:
        raise CasebookError(f"a case of {recipe} has one column to predict: name it with --target, and no other")
    prepare = infer_rows(csv, asked.target, aim, asked.numbers, asked.hints, group=asked.group)
    model = dict(block["model"])
    for part, keys in COLUMNS.items():
        if part in model:
            model[part] = {**model[part], **{key: value for key, value in keys.items() if key in model[part]}}
    slices: dict[str, Any] = {key: [] for key in ("slices", "sensitive") if key in block["evaluate"]}
    return {**block, "prepare": prepare, "model": model, "evaluate": {**block["evaluate"], **slices, **UNSTATED}}


# What names columns of the pattern's table, below `model`, and what it is where there are none.
COLUMNS: Mapping[str, Mapping[str, Any]] = {
    "logistic": {"leave_out": []},
    "ridge": {"leave_out": []},
    "lightgbm": {"monotone": {}},
    "intervals": {"by": None},
}


def _check_cohort(block: dict[str, Any], asked: Asked) -> str:
    timed = (asked.time is None) != (asked.course.dates is None)
    if not timed or asked.event is None or asked.target is not None or asked.ignore_target:
        raise CasebookError(
            f"a case of {block['recipe']} has two columns to predict: name them with --time and --event; in place of "
            "--time go --stop, or --start-date and --end-date"
        )
    if asked.positive is not None:
        raise CasebookError(
            f"--positive {asked.positive} is of a table with a --target; of a cohort --event-value names the value of "
            "--event that is the event"
        )
    _refuse_of_classes(block, asked)
    return asked.event


def _followed(block: dict[str, Any], csv: Path, asked: Asked, event: str) -> dict[str, Any]:
    prepare = infer_cohort(
        csv,
        asked.time,
        event,
        asked.per_year,
        block["prepare"]["encode"],
        asked.numbers,
        asked.hints,
        group=asked.group,
        event_value=asked.event_value,
        censored_value=asked.censored_value,
        course=asked.course,
    )
    curve = block["model"]["curve"]
    fitted = fitted_curve(prepare, csv, asked.course, curve)
    horizons, model = fitted["horizons"], {**block["model"], "curve": fitted}
    if fitted["step"] != curve["step"] and "forest" in model:  # what trees tell apart goes with it
        share = fitted["step"] / curve["step"]
        model["forest"] = {**model["forest"], "resolution": model["forest"]["resolution"] * share}
    calibrated = [year for year in block["evaluate"]["calibrated"] if year in horizons] or horizons[-1:]
    evaluate = {**block["evaluate"], "calibrated": calibrated, "subgroups": [], **UNSTATED}
    return {**block, "prepare": prepare, "model": model, "evaluate": evaluate}


def _refuse_positive(block: dict[str, Any], asked: Asked) -> None:
    if asked.positive is not None:
        raise CasebookError(
            f"--positive {asked.positive} is of a target with two values (--recipe binary), and a case of "
            f"{block['recipe']} has others"
        )


def _refuse_of_classes(block: dict[str, Any], asked: Asked) -> None:
    if asked.merge or asked.min_class_rows is not None:
        raise CasebookError(
            f"--merge and --min-class-rows are of several classes (--recipe multiclass), not of a case of "
            f"{block['recipe']}"
        )
