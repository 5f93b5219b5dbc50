"""The model card: facts gathered from what the stages left, put into words."""

from typing import Any

from components.contracts import Decision, Interval, Job, Meta
from components.evaluation.scores import read_scores
from components.files import read_json
from components.recipe import Recipe
from components.registry.card import CardFacts, Table, render_card


def make_card(job: Job, recipe: Recipe, lineage: dict[str, str], decision: Decision | None = None) -> str:
    """The card as Markdown; before the gate has answered it says nothing of it."""
    return render_card(gather(job, recipe, lineage, decision))


def gather(job: Job, recipe: Recipe, lineage: dict[str, str], decision: Decision | None) -> CardFacts:
    meta = Meta.read(job.paths.prepared(job.case))
    analysis = read_json(job.paths.evaluation(job.case) / "analysis.json")
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
        fairness=[fairness_table(group) for group in analysis.get("fairness", [])],
        calibration=calibration_table(analysis),
        variants=variants_table(variants, recipe.primary),
        further=[Table(**one) for one in analysis.get("tables", [])],
        lineage=lineage,
        decision=decision,
    )


def fairness_table(group: dict[str, Any]) -> Table:
    """Approval by group; the note holds the two comparisons."""
    rows = [
        [one["name"], one["rows"], interval(one["approval_interval"]), interval(one["good_approval_interval"])]
        for one in group["groups"]
    ]
    ratio, gap = interval(group["approval_ratio"]), interval(group["opportunity_gap"])
    note = f"Lowest over highest approval rate: {shown(ratio)}. Gap in approval of good payers: {shown(gap)}. "
    note += f"Groups under {group['minimum']} rows take no part."
    return Table([group["column"], "rows", "approved", "good payers approved"], rows, note)


def origin(source: dict[str, Any]) -> str:
    """Where the data come from, of what `source.json` says: a package, a path or an address."""
    return str(next(source[key] for key in ("requirement", "path", "base") if key in source))


def calibration_table(analysis: dict[str, Any]) -> Table:
    columns = ["band", "low", "high", "rows", "bad_rate", "mean_score"]
    rows = [[band[name] for name in columns] for band in analysis.get("bands", [])]
    note = f"Method chosen on validation: {analysis.get('calibrator')}. "
    note += f"PSI of the score between train and test: {analysis.get('psi_score', float('nan')):.3f}."
    return Table([name.replace("_", " ") for name in columns], rows, note)


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
    return Table(columns, rows, "Latency of one row; the largest difference is from the uncompressed model's answers.")


def interval(content: dict[str, float] | None) -> Interval | None:
    return Interval(content["value"], content["low"], content["high"]) if content else None


def shown(value: Interval | None) -> str:
    return f"{value.value:.3f} [{value.low:.3f}, {value.high:.3f}]" if value else "not enough rows"
