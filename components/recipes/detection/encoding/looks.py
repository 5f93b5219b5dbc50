"""What the files of images are like: depth, channels, range and sharpness, of training and of what is asked."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from components.core.blocks import Block
from components.recipes.detection.encoding.raw import Raw

BRIGHT = 99.8  # the percentile that is taken for an image's brightest value: one hot pixel is none
SAMPLE = 1 << 20
DARKER = 4.0  # times less, or more, than any training image's brightest value: two bits
BLURRED = 2.0  # times less detail, or more, than any training image has

Pair = Annotated[tuple[float, float], Field(strict=False)]
Kinds = Annotated[tuple[str, ...], Field(strict=False)]
Counts = Annotated[tuple[int, ...], Field(strict=False)]


@dataclass(frozen=True)
class Look:
    """`bright` is the brightest value as a share of its type's range, `detail` the mean step between neighbours in
    units of the image's standard deviation, which blur lowers and noise raises; 0 for an even image.
    """

    depth: str
    channels: int
    bright: float
    detail: float
    dicom: bool


class Looks(Block):
    """Of training images: the types and channels of their files, and the least and largest `bright` and `detail`."""

    depths: Kinds
    channels: Counts
    bright: Pair
    detail: Pair
    dicom: bool


def look_at(raw: Raw) -> Look:
    grey = raw.array[..., : raw.channels].astype(np.float32).mean(axis=2)
    largest = float(np.iinfo(raw.array.dtype).max) if raw.array.dtype.kind in "iu" else 1.0
    flat = grey.reshape(-1)
    sample = flat[:: max(1, flat.size // SAMPLE)]
    sample = sample[np.isfinite(sample)]
    bright = float(np.percentile(sample, BRIGHT)) / largest if sample.size else 0.0
    return Look(raw.depth, raw.channels, bright, detail_of(grey), raw.dicom)


def detail_of(grey: np.ndarray) -> float:
    """The mean step between neighbours of an image (H, W) in units of its standard deviation."""
    spread = float(grey.std())
    steps = [np.abs(np.diff(grey, axis=axis)).mean() for axis in (0, 1) if grey.shape[axis] > 1]
    return float(np.mean(steps)) / spread if spread > 0 and steps else 0.0


def looks_of(looks: Iterable[Look]) -> Looks | None:
    """Of one image or more; None of none."""
    found = list(looks)
    if not found:
        return None
    return Looks(
        depths=tuple(sorted({one.depth for one in found})),
        channels=tuple(sorted({one.channels for one in found})),
        bright=(min(one.bright for one in found), max(one.bright for one in found)),
        detail=(min(one.detail for one in found), max(one.detail for one in found)),
        dicom=any(one.dicom for one in found),
    )


def strange(look: Look, trained: Looks | None, *, stretched: bool) -> list[str]:
    """What is not as in any training image; where pictures are `stretched` by their own values their range may differ.

    An even image has no detail to be judged by.
    """
    if trained is None:
        return []
    found = []
    if look.depth not in trained.depths:
        found.append(f"{look.depth}, and training images are {_listed(trained.depths)}")
    if look.channels not in trained.channels:
        found.append(f"{look.channels} channel(s), and training images have {_listed(trained.channels)}")
    low, high = trained.bright
    if not stretched and not low / DARKER <= look.bright <= high * DARKER:
        how = "darker" if look.bright < low else "brighter"
        shown = f"{look.bright:.2%} of its range, training's {low:.2%} to {high:.2%}"
        found.append(f"far {how} than training images (brightest values {shown})")
    least, most = trained.detail
    if look.detail > 0 and not least / BLURRED <= look.detail <= most * BLURRED:
        how = "less sharp" if look.detail < least else "noisier or sharper"
        found.append(f"far {how} than training images (detail {look.detail:.3f}, training's {least:.3f} to {most:.3f})")
    return found


def _listed(kinds: Iterable[object]) -> str:
    return ", ".join(str(one) for one in kinds)
