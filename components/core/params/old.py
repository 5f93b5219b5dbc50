"""How a case's block of the form before recipes is known: `casebook migrate` rewrites it."""

from typing import Any

MOVED = ("bands", "reasons", "decisions")  # of evaluate, to model.serving
CODE = "code"  # named modules where `recipe` names a kind of problem now


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
