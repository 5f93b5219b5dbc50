"""`cases.<case>.evaluate`: what every recipe reads of it."""

from typing import Annotated

from pydantic import Field

from components.core.blocks import Block


class EvaluateBlock(Block):
    """Bounds are those of `confidence` over so many bootstrap `resamples`, drawn by `seed`; a group of fewer than
    `min_group` has no figures. The card and the answers have `notice`, `intended_use` and `limits`.
    """

    resamples: Annotated[int, Field(ge=100)]
    confidence: Annotated[float, Field(gt=0.5, lt=1)]
    seed: int
    min_group: Annotated[int, Field(ge=1)]
    notice: str
    intended_use: str
    limits: str
