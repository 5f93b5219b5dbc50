"""The model card: facts gathered from what the stages left, put into words."""

from typing import Any

from components.core.files import read_json
from components.core.job import Job, Meta
from components.core.recipe import Recipe
from components.core.results import Decision, Interval, Table
from components.evaluation.scores import read_scores
from components.evaluation.tables import read_tables
from components.registry.card import CardFacts, render_card


def make_card(job: Job, recipe: Recipe, lineage: dict[str, str], decision: Decision | None = None) -> str:
    """The card as Markdown; before the gate has answered it says nothing of it."""
    return render_card(gather(job, recipe, lineage, decision))


def gather(job: Job, recipe: Recipe, lineage: dict[str, str], decision: Decision | None) -> CardFacts:
    meta = Meta.read(job.paths.prepared(job.case))
    variants = read_json(job.paths.compression(job.case) / "variants.json")
    evaluate = job.params.evaluate
    return CardFacts(
        case=job.case,
        title=job.case,
        notice=evaluate["notice"],
        smoke=job.smoke,
        intended_use=[evaluate["intended_use"]],
        limits=[evaluate["limits"]],
        source=origin(meta.source),
        licence=meta.source["licence"],
        citation=meta.source["citation"],
        rows=meta.rows,
        primary=recipe.primary,
        lower_is_better=recipe.lower_is_better,
        scores=read_scores(job.paths.evaluation(job.case)),
        confidence=evaluate["confidence"],
        tables=[*read_tables(job.paths.evaluation(job.case)), variants_table(variants, recipe.primary)],
        lineage=lineage,
        decision=decision,
    )


def origin(source: dict[str, Any]) -> str:
    """Where the data come from, of what `source.json` says: a package, a path or an address."""
    return str(next(source[key] for key in ("requirement", "path", "base") if key in source))


def variants_table(variants: dict[str, Any], primary: str) -> Table:
    rows = [
        [
            one["name"] + (" (picked)" if one["name"] == variants["picked"] else ""),
            one["bytes"],
            one["p50_ms"],
            one["p99_ms"],
            round(one["per_s"]),
            interval(one[primary]),
            interval(one["loss_on_validation"]),
            one["largest_difference"],
        ]
        for one in variants["variants"]
    ]
    columns = ["variant", "bytes", "p50 ms", "p99 ms", "rows/s", primary, "loss on validation", "largest difference"]
    note = "Latency of one row; the largest difference is from the uncompressed model's answers."
    return Table("Compression", columns, rows, note)


def interval(content: dict[str, float]) -> Interval:
    return Interval(content["value"], content["low"], content["high"])
