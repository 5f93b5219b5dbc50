"""Params of the recipe detection: the blocks that its parts read."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from components.core.blocks import Block
from components.core.job import Job
from components.core.params.evaluate import EvaluateBlock
from components.recipes.detection.params.images import ImagesParams

Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Counts = Annotated[tuple[Count, ...], Field(strict=False, min_length=4, max_length=4)]
Depths = Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(strict=False, min_length=4, max_length=4)]
Numbers = Annotated[tuple[Positive, ...], Field(strict=False, min_length=1)]

PRIMARY = "map50_95"
MULTIPLE = 32


class InputParams(Block):
    """Images are scaled so that a typical object is about `object_pixels` wide. An epoch has `views` views of `size`
    (height, width).
    """

    object_pixels: Positive
    size: Annotated[tuple[Count, Count], Field(strict=False)]
    views: Count


class NetworkParams(Block):
    """Channels of the stem, channels and residual blocks of the four stages, channels of the pyramid; `hidden` is the
    share of them inside blocks and heads. A point answers for `stride` pixels.
    """

    stride: Literal[4, 8]
    stem: Count
    widths: Counts
    depths: Depths
    size: Count
    hidden: Annotated[float, Field(gt=0, le=1)]
    channels_last: bool


class OptimizerParams(Block):
    """`decay` is the share of the weights' average that a step keeps, `floor` of the learning rate at both ends.

    `kernel_lr_factor` times the learning rate is Muon's, of the kernels that it steps; null: AdamW steps all.
    """

    decay: Annotated[float, Field(ge=0, lt=1)]
    floor: Annotated[float, Field(gt=0, le=1)]
    kernel_lr_factor: Positive | None


class RefitParams(Block):
    """The learner trained on, with the validation images too, for `epochs` at `lr_factor` of the learning rate."""

    epochs: Count
    lr_factor: Positive


class BaselineParams(Block):
    """Segmentation: see `RegionSettings`. Of `smooth` and `spacing` validation chooses; at most `images` are used."""

    objects: Literal["bright", "dark"]
    smooth: Numbers
    spacing: Numbers
    images: Count


class ServingParams(Block):
    """Tiles of `tile` pixels a side; `mirrors`, `zooms` and `votes` as in `DetectionSettings`."""

    tile: Annotated[int, Field(ge=MULTIPLE, multiple_of=MULTIPLE)]
    mirrors: Literal[1, 2, 4]
    zooms: Numbers
    votes: Positive | None


class ModelParams(Block):
    """`augment`, `loss` and `answers` are read by the modules that use them: see `AugmentParams`, `LossParams` and
    `AnswerParams`.
    """

    input: InputParams
    augment: dict[str, Any]
    network: NetworkParams
    loss: dict[str, Any]
    answers: dict[str, Any]
    optimizer: OptimizerParams
    refit: RefitParams | None
    baseline: BaselineParams
    serving: ServingParams


class EvaluateParams(EvaluateBlock):
    """True boxes are compared in `parts` bands of size and of crowding, those of fewer than `min_group` without a
    figure; `examples` images are shown of the worst, and as many at random.
    """

    parts: Count
    examples: Count


class PredictOptions(Block):
    draw: Annotated[Path | None, Field(description="a folder for the images with their boxes")] = None
    counts: Annotated[Path | None, Field(description="a CSV of the objects in each image, by class")] = None
    rois: Annotated[Path | None, Field(description="a folder for the boxes, for ImageJ and for QuPath")] = None
    threshold: Annotated[
        float | None, Field(gt=0, lt=1, description="the least confidence of a box, in place of the bundle's own")
    ] = None
    channel: Annotated[
        int | None, Field(ge=1, description="of images with several channels: the one to look at, from 1")
    ] = None
    pixel_size: Annotated[
        float | None, Field(gt=0, description="micrometres that a pixel is wide, where the files do not tell it")
    ] = None
    skip_unreadable: Annotated[bool, Field(description="end well though some images could not be read")] = False


DetectionJob = Job[ImagesParams, ModelParams, EvaluateParams]
