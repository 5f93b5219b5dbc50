"""The model card: facts gathered from what the stages left, put into words."""

from collections.abc import Sequence
from typing import Any

from components.core.files import read_json
from components.core.histories import read_kept
from components.core.job import TEST, Job, Meta
from components.core.recipe import Recipe
from components.core.results import Decision, Interval, Table
from components.evaluation.scores import read_scores
from components.evaluation.tables import read_about, read_tables
from components.registry.card import render_card
from components.registry.facts import CardFacts
from components.registry.gate import Rival
from pipelines.fits import cut_fits
from pipelines.summary import best_baseline

VERSION, EXPERIMENT = "version", "experiment"  # of a lineage: what the model has become


def make_card(
    job: Job,
    recipe: Recipe,
    lineage: dict[str, str],
    decision: Decision | None = None,
    baselines: Sequence[Rival] = (),
) -> str:
    """The card as Markdown; before the gate has answered, after a look at the `baselines`, it says nothing of it."""
    return render_card(gather(job, recipe, lineage, decision, baselines))


def gather(
    job: Job, recipe: Recipe, lineage: dict[str, str], decision: Decision | None, baselines: Sequence[Rival]
) -> CardFacts:
    scores = read_scores(job.paths.evaluation(job.case))
    predicts, decisions = read_about(job.paths.evaluation(job.case))
    meta = Meta.read(job.paths.prepared(job.case))
    variants = read_json(job.paths.compression(job.case) / "variants.json")
    evaluate = job.params.evaluate
    return CardFacts(
        title=f"{job.case}{_made(lineage)}",
        notice=evaluate["notice"],
        smoke=job.smoke,
        predicts=predicts,
        units=recipe.units,
        intended_use=[evaluate["intended_use"]],
        limits=[evaluate["limits"]],
        source=origin(meta.source),
        licence=meta.source["licence"],
        citation=meta.source["citation"],
        rows=meta.rows,
        primary=recipe.primary,
        lower_is_better=recipe.lower_is_better,
        scores=scores,
        confidence=evaluate["confidence"],
        tables=[*read_tables(job.paths.evaluation(job.case)), variants_table(variants, recipe.primary)],
        lineage=lineage,
        decision=decision,
        registered=EXPERIMENT not in lineage,
        metrics=recipe.metrics,
        baselines=recipe.baselines,
        network=recipe.network,
        best_baseline=best_baseline(recipe, next(one.by_model for one in scores if one.split == TEST))[0],
        differences={one.name: one.difference for one in baselines if one.difference is not None},
        decisions=decisions,
        cut=cut_fits(job) or (),
        histories=read_kept(job.paths.histories(job.case)) if recipe.histories else None,
    )


def _made(lineage: dict[str, str]) -> str:
    """The version or the experiment, where the model has become one."""
    return "".join(f", {name} {lineage[name]}" for name in (VERSION, EXPERIMENT) if name in lineage)


def origin(source: dict[str, Any]) -> str:
    """Where the data come from, of what `source.json` says: a package, a path or an address."""
    return str(next(source[key] for key in ("requirement", "path", "base") if key in source))


def variants_table(variants: dict[str, Any], primary: str) -> Table:
    rows = [
        [
            one["name"] + (" (picked)" if one["name"] == variants["picked"] else ""),
            one["bytes"],
            f"{one['p50_ms']:.2f}",
            f"{one['p99_ms']:.2f}",
            round(one["per_s"]),
            interval(one[primary]),
            interval(one["loss_on_validation"]),
            one["largest_difference"],
        ]
        for one in variants["variants"]
    ]
    columns = ["variant", "bytes", "p50 ms", "p99 ms", "rows/s", primary, "loss on validation", "largest difference"]
    note = (
        "Times are of whole answers, from what a client sends for one row to what it gets, cleaning and reasons "
        "included; rows a second are of batches. The picked variant is what is served, and its figure the one above. "
        "The largest difference is from the answers of fp32."
    )
    return Table("Variants", columns, rows, note)


def interval(content: dict[str, float]) -> Interval:
    return Interval(content["value"], content["low"], content["high"])
