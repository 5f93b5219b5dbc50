"""Columns of prepared images, and what their readers need to know."""

from typing import Annotated

from pydantic import Field

from components.core.blocks import Block, Names
from components.recipes.detection.params.images import Channels, Percentiles

# Columns of a prepared file.
IMAGE, GROUP, WIDTH, HEIGHT, PIXELS, BOXES, LABELS = "image", "group", "width", "height", "pixels", "boxes", "labels"


class Spec(Block):
    """What a reader of prepared images needs: a label is a place in `classes`.

    A picture is given `channels` and its numbers are put between 0 and 1: by `percentiles` of its
    own values, or by the range of its type where that is null.
    """

    classes: Annotated[Names, Field(min_length=1)]
    channels: Channels
    percentiles: Percentiles | None
