"""Refusal of data too much of which is broken: what was seen, in a message."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from components.core.errors import CasebookError
from components.recipes.detection.preparation.records import CONFLICT, CROWD, NOTES, Rejected

SHOWN = 5  # kinds of faults
EXAMPLES = 3
REMEDIES = {
    CONFLICT: "prepare.named_by: text or stem says which counts (casebook new --boxes by-text, or by-stem)",
    CROWD: "iscrowd is set",
}


def refuse_many(images: Path, rejected: Iterable[Rejected], kept_images: int, kept_boxes: int, share: float) -> None:
    """Raise if more than `share` of the images, or of the boxes, is broken."""
    broken = [one for one in rejected if one.kind not in NOTES]
    for what, kept, found in (
        ("images", kept_images, [one for one in broken if one.box is None]),
        ("boxes", kept_boxes, [one for one in broken if one.box is not None]),
    ):
        if len(found) > share * (kept + len(found)):
            raise CasebookError(
                f"{images}: {len(found)} of {kept + len(found)} {what} ({len(found) / (kept + len(found)):.1%}) cannot "
                f"be used, and prepare.max_rejected allows {share:.1%}:\n{kinds(found)}\n"
                "correct the annotations, or the classes or max_rejected under prepare"
            )


def kinds(found: Sequence[Rejected]) -> str:
    """A line for each kind of fault, the commonest first, with how many there are, examples and what settles it."""
    counted = Counter(one.kind for one in found).most_common(SHOWN)
    lines = []
    for kind, count in counted:
        shown = "; ".join(_shown(one) for one in [one for one in found if one.kind == kind][:EXAMPLES])
        remedy = f": {REMEDIES[kind]}" if kind in REMEDIES else ""
        lines.append(f"  {count} times {kind}, such as {shown}{remedy}")
    return "\n".join(lines)


def _shown(one: Rejected) -> str:
    box = "" if one.box is None else f", box {one.box}"
    _, _, example = one.reason.partition(": ")
    return f"{one.image}{box}{f' ({example})' if example else ''}"
