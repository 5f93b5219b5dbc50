"""`cases.<case>.prepare` of images: where pictures and boxes are, and how a picture becomes numbers."""

import re
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from components.core.blocks import Block, Names

Share = Annotated[float, Field(gt=0, lt=1)]
Channels = Literal[1, 3]
Percent = Annotated[float, Field(ge=0, le=100)]
Percentiles = Annotated[tuple[Percent, Percent], Field(strict=False)]
Levels = Annotated[tuple[float, float], Field(strict=False)]
Place = Annotated[int, Field(ge=1)]  # of a plane or a channel, from 1


def _rising(pair: tuple[float, float] | None) -> tuple[float, float] | None:
    if pair is not None and pair[0] >= pair[1]:
        raise ValueError("the first of the two, which becomes 0, must be below the second, which becomes 1")
    return pair


class Pixels(Block):
    """How a picture becomes numbers between 0 and 1 in `channels`.

    `percentiles` of its own values become 0 and 1, or `levels`, two values for all pictures, or where both are null
    the bounds of its type. `channel` is the one that is looked at where a file has several, and `plane` the one along
    `z`, `t` or `page`, all counted from 1; `max` is the largest value along it. A pixel is `pixel_size` micrometres
    wide where a file does not tell it.
    """

    channels: Channels
    percentiles: Percentiles | None
    levels: Levels | None = None
    channel: Place | None = None
    plane: dict[Literal["z", "t", "page"], Place | Literal["max"]] | None = None
    pixel_size: Annotated[float, Field(gt=0)] | None = None

    def reading(self) -> dict[str, Any]:
        """What `decode` takes beside the file."""
        return {name: getattr(self, name) for name in Pixels.model_fields if name != "pixel_size"}

    _pairs_rise = field_validator("percentiles", "levels")(_rising)


class Lists(Block):
    """The data's own split, in the raw folder: for each part a `.txt`, a name a line, a COCO `.json` or a folder."""

    train: str
    validation: str
    test: str


class ImageSplit(Block):
    """Shares of the images, or of the groups of images where they have any, shuffled by `seed`."""

    validation: Share
    test: Share
    seed: int

    @model_validator(mode="after")
    def _something_is_left(self) -> "ImageSplit":
        if self.validation + self.test >= 1:
            raise ValueError("validation and test leave no image to train on")
        return self


class BoxesParams(Block):
    """How annotations write boxes where they do it otherwise than their form: null is the form's own way.

    `layout` is corners (x1, y1, x2, y2), sizes (x, y, width, height) or centres (the middle, width, height); `units`
    null takes numbers between 0 and 1 for shares of the image; `first` is the number of the first pixel, and with 1 the
    last pixel is within the box. `max_odd` is the share of the boxes that may reach over the edge of their image,
    lie outside it or be smaller than two pixels.
    """

    layout: Literal["corners", "sizes", "centres"] | None
    units: Literal["pixels", "shares"] | None
    first: Literal[0, 1] | None
    max_odd: Annotated[float, Field(ge=0, le=1)]


class ImagesParams(Pixels):
    """The whole block, with how a picture becomes numbers.

    `images` and `annotations` are folders in the raw folder; the second may be one file for coco and cvat.
    With `lists` an image in none of them is left out, and `split` is not looked at. `group` is a
    regular expression that finds the patient or slide in an image's name, its first group if it
    has any; one group's images stay in one split. `classes` null takes all that are found, by
    name. `max_rejected` is the share of the images, and of the boxes, that may be broken.
    `named_by` is for annotations whose text names one image and whose own name another: text or stem; null sets them
    aside. `fold` makes one of classes that differ in case or blanks alone, false keeps them apart. `difficult` boxes of
    voc are kept or left out. `masks` says whether a number of a mask is an object or each connected region.
    `simulate` is for the form `simulated` and null for the others.
    """

    form: Literal["voc", "coco", "yolo", "cvat", "masks", "simulated"]
    images: str
    annotations: str
    lists: Lists | None
    group: str | None
    classes: Names | None
    boxes: BoxesParams
    named_by: Literal["text", "stem"] | None
    fold: bool | None
    difficult: Literal["keep", "leave_out"]
    masks: Literal["instances", "components"] | None
    split: ImageSplit
    max_rejected: Annotated[float, Field(ge=0, lt=1)]
    simulate: dict[str, Any] | None

    @field_validator("group")
    @classmethod
    def _group_is_an_expression(cls, group: str | None) -> str | None:
        try:
            re.compile(group or "")
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from None
        return group

    @field_validator("classes")
    @classmethod
    def _classes_differ(cls, classes: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if classes is not None and (not classes or len(set(classes)) != len(classes)):
            raise ValueError("name one class or more, each once; or null for all that are found")
        return classes

    @model_validator(mode="after")
    def _simulate_goes_with_its_form(self) -> "ImagesParams":
        if (self.form == "simulated") != (self.simulate is not None):
            raise ValueError("simulate is a block where form is simulated, and null where it is not")
        return self
