"""`reports/<case>/summary.json`: the dozen figures by which `dvc exp show` and `casebook metrics` compare runs."""

import math
from collections.abc import Mapping
from typing import Any

from components.core.files import read_json
from components.core.job import TEST, VALIDATION, Job, Meta, Paths
from components.core.recipe import Recipe
from components.core.results import LEARNER, MODEL, Decision, Interval
from components.evaluation.scores import read_scores

SUMMARY = "summary.json"
PROMOTED, PASSED, REFUSED = "promoted", "passed", "refused"  # `passed` is an experiment's: nothing was registered
NEVER_RAN = "never ran"
COLUMNS = (
    *("metric", "test", "low", "high", "validation", "baseline", "best_baseline"),
    *("variant", "bytes", "p50_ms", "rows", "gate"),
)


def summarise(
    job: Job, recipe: Recipe, served: Mapping[str, Interval], decision: Decision, *, registered: bool
) -> dict[str, Any]:
    """The primary metric of what is served beside the best baseline's, what is served, and the gate's answer."""
    scores = {one.split: one.by_model for one in read_scores(job.paths.evaluation(job.case))}
    variants = read_json(job.paths.compression(job.case) / "variants.json")
    picked = next(one for one in variants["variants"] if one["name"] == variants["picked"])
    name, baseline = best_baseline(recipe, scores[TEST])
    primary = served[recipe.primary]
    found = {
        "metric": recipe.primary,
        "test": primary.value,
        "low": primary.low,
        "high": primary.high,
        "validation": scores[VALIDATION][MODEL][recipe.primary].value,
        "baseline": baseline,
        "best_baseline": name,
        "variant": picked["name"],
        "bytes": picked["bytes"],
        "p50_ms": picked["p50_ms"],
        "rows": Meta.read(job.paths.prepared(job.case)).rows[TEST],
        "gate": _answer(decision, registered=registered),
    }
    return {column: _finite(found[column]) for column in COLUMNS}


def best_baseline(recipe: Recipe, test: Mapping[str, Mapping[str, Interval]]) -> tuple[str | None, float | None]:
    """Of those that were judged on the test rows, by the primary metric; None where there is none."""
    names = [name for name in test if name not in (MODEL, LEARNER)]
    values = {name: test[name][recipe.primary].value for name in names if recipe.primary in test[name]}
    if not values:
        return None, None
    best = (min if recipe.primary in recipe.lower_is_better else max)(values, key=values.__getitem__)
    return best, values[best]


def _answer(decision: Decision, *, registered: bool) -> str:
    """`promoted` or `passed`, with the checks that were overridden, or `refused:` with those that stopped it."""
    if not decision.promoted:
        return f"{REFUSED}: {', '.join(check.name for check in decision.checks if check.stops)}"
    answer, overridden = PROMOTED if registered else PASSED, [check.name for check in decision.overridden]
    return f"{answer}: {', '.join(overridden)} overridden" if overridden else answer


def _finite(value: Any) -> Any:
    """JSON has no NaN; a figure that is none is null."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def read_summary(paths: Paths, case: str) -> dict[str, Any]:
    """The summary of a case; all columns are None, and the gate's says why, where there is none."""
    path = paths.reports(case) / SUMMARY
    if not path.is_file():
        return {**dict.fromkeys(COLUMNS), "gate": NEVER_RAN}
    content = read_json(path)
    return {column: content.get(column) for column in COLUMNS}
