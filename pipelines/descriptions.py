"""What MLflow's pages say of a case and of a version, in words and figures from params and from what evaluate found."""

import importlib
import math
from collections.abc import Mapping, Sequence

from components.core.job import TEST, VALIDATION, Job, Meta
from components.core.markdown import inert
from components.core.recipe import Recipe, recipe_module
from components.core.results import LEARNER, MODEL, Interval, Scores
from components.core.written import written, written_interval
from components.registry.pages import UNDECIDED
from components.tracking.compared import ALONE
from components.tracking.markdown import header, row
from components.tracking.track import plain_name

LONGEST_ABOUT = 2500  # characters
NOT_A_NUMBER = "no number"


def about(job: Job, recipe: Recipe) -> str:
    """A paragraph on a case: what it is for, what not, on which data, under which licence, judged by what."""
    evaluate, source = job.params.evaluate, Meta.read(job.paths.prepared(job.case)).source
    kind = (importlib.import_module(recipe_module(recipe.name)).__doc__ or recipe.name).splitlines()[0].strip()
    better = "lower" if recipe.primary in recipe.lower_is_better else "higher"
    said = (
        evaluate["intended_use"],
        f"**{evaluate['notice']}**",
        f"Limits: {evaluate['limits']}",
        f"Recipe `{recipe.name}`: {kind}",
        f"Data: {source['citation']}; licence: {source['licence']}.",
        f"Primary metric: `{primary_metric(recipe)}`, {better} is better.",
    )
    return inert(" ".join(sentence.strip() for sentence in said)[:LONGEST_ABOUT])


def primary_metric(recipe: Recipe) -> str:
    """The name under which runs have what the gate compares."""
    return f"{TEST}/{plain_name(recipe.primary)}"


def version_page(job: Job, recipe: Recipe, found: Sequence[Scores], variant: str, run_page: str) -> str:
    """A sentence on the served variant's figure, the place of its status, a table of it beside its baselines, and
    links to the card and the run of `run_page`.
    """
    scores = {one.split: one.by_model for one in found}
    first = headline(recipe, scores[TEST], Meta.read(job.paths.prepared(job.case)).rows[TEST], smoke=job.smoke)
    table = comparison(recipe, scores, variant)
    links = f"[Model card]({run_page}/artifacts/card.md) · [run]({run_page})"
    return inert(f"{first}\n\n{UNDECIDED}\n\n{table}\n{job.params.evaluate['notice']} {links}\n")


def headline(recipe: Recipe, test: Mapping[str, Mapping[str, Interval]], rows: int, *, smoke: bool) -> str:
    """The served variant's primary metric on test rows, and how it stands to the best baseline's."""
    served, name = test[MODEL][recipe.primary], recipe.primary
    said = f"{name} {_shown(served)} on {rows:,} test rows{_beside(recipe, test)}."
    return f"{said} A smoke model: its figures mean nothing." if smoke else said


def _beside(recipe: Recipe, test: Mapping[str, Mapping[str, Interval]]) -> str:
    baselines = {name: metrics for name, metrics in test.items() if name not in (MODEL, LEARNER)}
    values = {name: one[recipe.primary].value for name, one in baselines.items() if recipe.primary in one}
    values = {name: value for name, value in values.items() if math.isfinite(value)}
    served = test[MODEL][recipe.primary].value
    if not values or not math.isfinite(served):
        return ""
    lower = recipe.primary in recipe.lower_is_better
    best = (min if lower else max)(values, key=values.__getitem__)
    gain = values[best] - served if lower else served - values[best]
    return (
        f", {written(abs(gain))} {'better' if gain >= 0 else 'worse'} than the best baseline ({best}, "
        f"{written(values[best])})"
    )


def comparison(recipe: Recipe, scores: Mapping[str, Mapping[str, Mapping[str, Interval]]], variant: str) -> str:
    """The primary metric of the served variant, the network alone and the baselines on each split, test first."""
    splits = sorted(scores, key=lambda split: (split != TEST, split == VALIDATION))
    names = [MODEL, LEARNER, *(name for name in scores[TEST] if name not in (MODEL, LEARNER))]
    shown = {MODEL: f"**served** ({variant})", LEARNER: ALONE}
    rows = [[_shown(scores[split].get(name, {}).get(recipe.primary)) for split in splits] for name in names]
    lines = [row([shown.get(name, name), *cells]) for name, cells in zip(names, rows, strict=True)]
    return header([recipe.primary, *splits]) + "".join(lines)


def _shown(one: Interval | None) -> str:
    if one is None:
        return "–"
    if not math.isfinite(one.value):
        return NOT_A_NUMBER
    return written_interval(one.value, one.low, one.high)
