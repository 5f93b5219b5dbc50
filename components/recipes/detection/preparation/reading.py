"""What a reader of annotations is told by the block, and what it tells."""

from dataclasses import dataclass, field
from typing import Literal

from components.recipes.detection.params.images import ImagesParams
from components.recipes.detection.preparation.told import Told


@dataclass(frozen=True)
class Reading:
    """`named_by` settles which image an annotation means where its text and its own name disagree; see `ImagesParams`.

    `label` is the class of what an annotation draws without naming it.
    """

    named_by: Literal["text", "stem"] | None = None
    difficult: Literal["keep", "leave_out"] = "keep"
    masks: Literal["instances", "components"] | None = None
    label: str | None = None
    told: Told = field(default_factory=Told)

    @staticmethod
    def of(spec: ImagesParams) -> "Reading":
        only = spec.classes[0] if spec.classes is not None and len(spec.classes) == 1 else None
        return Reading(spec.named_by, spec.difficult, spec.masks, only)
