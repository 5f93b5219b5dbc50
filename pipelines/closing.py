"""What `casebook run` says at its end: of each case what was won against the best baseline, and where to look."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from components.core.files import read_json
from components.core.job import Paths
from components.core.params.case import Params
from components.core.recipe import load_recipe, make_job, recipe_of
from components.core.written import written, written_interval
from components.tracking.address import store_address
from pipelines.case_times import in_words
from pipelines.summary import read_summary

How = Literal["done", "up to date", "failed", "left out"]


@dataclass(frozen=True)
class Ended:
    """How a case ended, and after how many seconds of this run; `lacking` is the case that it waited for in vain."""

    case: str
    how: How
    seconds: float | None = None
    lacking: str | None = None

    @property
    def well(self) -> bool:
        return self.how in ("done", "up to date")


def closing(ended: Sequence[Ended], params: Params, root: Path) -> Iterator[str]:
    """Lines about the cases, a few for each, and at last what there is for all of them."""
    for one in ended:
        yield from _of(one, params, root)
    if len(ended) > 1:
        yield f"{len(ended)} cases: {_counted(ended, Paths(root))}"
    if any(one.well for one in ended):
        store = store_address(root)
        yield f"MLflow's pages: {store if store.startswith('http') else 'casebook ui'}"


def _of(one: Ended, params: Params, root: Path) -> Iterator[str]:
    took = "" if one.seconds is None else f" after {in_words(one.seconds)}"
    if one.how == "left out":
        yield f"{one.case}: not run; it starts from {one.lacking}, which failed"
        return
    if one.how == "failed":
        yield f"{one.case}: failed{took}; why stands above"
        return
    paths = Paths(root)
    summary, release = read_summary(paths, one.case), _release(paths, one.case)
    yield f"{one.case}: {_answer(summary, release)}{took if one.how == 'done' else ', up to date'}"
    yield from (f"  why      {reason}" for reason in (release or {}).get("reasons", ()))
    if summary["test"] is not None:
        yield f"  served   {_served(summary)}"
    if summary["baseline"] is not None:
        yield f"  gain     {_gain(summary, release, lower_is_better=_lower(one.case, params))}, the best baseline"
    yield f"  card     {(paths.reports(one.case) / 'card.md').relative_to(root)}"
    if release is not None and release["version"] is not None:
        chosen = "" if release["promoted"] else f" --version {release['version']}"
        job = make_job(one.case, params.case(one.case), paths)
        yield f"  predict  {recipe_of(job).question(job)}{chosen}"


def _release(paths: Paths, case: str) -> dict[str, Any] | None:
    path = paths.reports(case) / "release.json"
    return dict(read_json(path)) if path.is_file() else None


def _answer(summary: dict[str, Any], release: dict[str, Any] | None) -> str:
    version = None if release is None else release["version"]
    return _gate(summary) if version is None else f"version {version} {_gate(summary)}"


def _served(summary: dict[str, Any]) -> str:
    value, low, high = summary["test"], summary["low"], summary["high"]
    told = written(value) if low is None or high is None else written_interval(value, low, high)
    figures = f"{summary['metric']} {told}"
    return figures if summary["rows"] is None else f"{figures} on {summary['rows']:,} test rows"


def _lower(case: str, params: Params) -> bool:
    recipe = load_recipe(params.case(case).recipe)
    return recipe.primary in recipe.lower_is_better


def _gain(summary: dict[str, Any], release: dict[str, Any] | None, *, lower_is_better: bool) -> str:
    """In the gate's words, which have the interval of the paired difference; the difference alone without them. A gain
    is positive, whichever way the metric is better.
    """
    name, metric, baseline = summary["best_baseline"], summary["metric"], summary["baseline"]
    checks = (release or {}).get("checks", ())
    reason = next((one["reason"] for one in checks if one["name"] == f"baseline {name}"), "")
    if reason.startswith((f"{metric} +", f"{metric} -")):
        return str(reason).removeprefix(f"{metric} ").partition(", at least")[0]
    gain = baseline - summary["test"] if lower_is_better else summary["test"] - baseline
    return f"{written(gain, '+')} over {name} ({written(baseline)})"


def _counted(ended: Sequence[Ended], paths: Paths) -> str:
    """`3 promoted, 1 refused, 1 failed`."""
    gates = [_gate(read_summary(paths, one.case)) if one.well else one.how for one in ended]
    return ", ".join(f"{gates.count(gate)} {gate}" for gate in dict.fromkeys(gates))


def _gate(summary: dict[str, Any]) -> str:
    """The gate's answer without its reasons, which the report of the release has in full."""
    return str(summary["gate"]).partition(":")[0]
