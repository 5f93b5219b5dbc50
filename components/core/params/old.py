"""How a case's block of an older form is known: `casebook migrate` rewrites it."""

from typing import Any

MOVED = ("bands", "reasons", "decisions")  # of evaluate, to model.serving
CODE = "code"  # named modules where `recipe` names a kind of problem now
# Of `release`, the checks that they let fail with no name, no reason and no end: overrides do so now.
WAIVERS = {"allow_dirty": "committed", "waive_champion": "champion"}


def waivers(block: Any) -> dict[str, Any]:
    """Those that a block states, with their values."""
    release = block.get("release") if isinstance(block, dict) else None
    return {key: release[key] for key in WAIVERS if key in release} if isinstance(release, dict) else {}


def is_old(block: Any) -> bool:
    """Whether a block has anything of the old form."""
    if not isinstance(block, dict):
        return False
    evaluate, compress = block.get("evaluate"), block.get("compress")
    return (
        CODE in block
        or (isinstance(evaluate, dict) and any(key in evaluate for key in MOVED))
        or (isinstance(compress, dict) and isinstance(compress.get("variants"), list))
    )


def is_old_key(dotted: str) -> bool:
    """Whether a profile's or `smoke`'s dotted key has another name now."""
    return dotted.startswith(
        ("compress.prune.", "compress.distill.", "compress.low_rank.", "compress.ngrams.", "compress.calibration_rows")
    ) or dotted in tuple(f"evaluate.{key}" for key in MOVED)
