"""Columns of prepared images, and what their readers need to know."""

from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from components.core.blocks import Names
from components.recipes.detection.encoding.decode import values_of
from components.recipes.detection.encoding.looks import Looks
from components.recipes.detection.encoding.raw import Raw, read_raw
from components.recipes.detection.params.images import Pixels

# Columns of a prepared file.
IMAGE, GROUP, WIDTH, HEIGHT, PIXELS, BOXES, LABELS = "image", "group", "width", "height", "pixels", "boxes", "labels"


class Spec(Pixels):
    """What a reader of prepared images needs: a label is a place in `classes`; `looks` is what the files of training
    images were like, null in bundles that were made before that was kept.
    """

    classes: Annotated[Names, Field(min_length=1)]
    looks: Looks | None = None

    @classmethod
    def of(cls, pixels: Pixels, classes: tuple[str, ...]) -> "Spec":
        """Of the params of a case, which have more."""
        return cls(classes=classes, pixel_size=pixels.pixel_size, **pixels.reading())

    def read(self, source: bytes | Path, name: str) -> Raw:
        """The numbers of a file; errors as `read_raw`."""
        return read_raw(source, name=name, plane=self.plane)

    def picture(self, raw: Raw, name: str, channel: int | None = None) -> np.ndarray:
        """(H, W, C) float32 in 0..1, of the `channel` where one is given; errors as `decode`."""
        return values_of(
            raw,
            channels=self.channels,
            percentiles=self.percentiles,
            channel=channel or self.channel,
            levels=self.levels,
            name=name,
        )

    def decode(self, source: bytes | Path, name: str) -> np.ndarray:
        return self.picture(self.read(source, name), name)
