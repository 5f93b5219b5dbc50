"""A training view of images with boxes: one image or four, moved, zoomed, mirrored, turned and coloured."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

import numpy as np
import torch
from pydantic import Field
from torch import Tensor
from torch.nn.functional import grid_sample

from components.core.blocks import Block

Spread = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Zooms = Annotated[tuple[float, float], Field(strict=False)]


class Small(Block):
    """Views of `factor` times the size, and objects with them, until the share `until` of the epochs."""

    factor: Annotated[float, Field(gt=0, le=1)]
    until: Share


class AugmentParams(Block):
    """How training views differ from the images.

    `zoom` bounds the enlargement of a view of one image and `mosaic_zoom` of one of four, which the share `mosaic`
    of the views is until `mosaic_until` of the epochs; `aspect` is the largest logarithm of the ratio by which the
    axes are zoomed apart. A cut box stays if the share `visible` of it is left. `contrast`, `tint` (of each channel
    by itself) and `gamma` are standard deviations of logarithms, `brightness` and `noise` of what is added to 0..1.
    """

    zoom: Zooms
    mosaic: Share
    mosaic_until: Share
    mosaic_zoom: Zooms
    aspect: Spread
    visible: Share
    contrast: Spread
    brightness: Spread
    tint: Spread
    gamma: Spread
    noise: Spread
    small: Small


# Mirror images and quarter turns: what a slide under a microscope may look like as well.
SYMMETRIES = [
    np.array(matrix, np.float64)
    for matrix in (
        ((1, 0), (0, 1)),
        ((-1, 0), (0, 1)),
        ((1, 0), (0, -1)),
        ((-1, 0), (0, -1)),
        ((0, 1), (1, 0)),
        ((0, -1), (1, 0)),
        ((0, 1), (-1, 0)),
        ((0, -1), (-1, 0)),
    )
]
UPRIGHT = 4  # of them leave the axes where they are
SMALLEST_AREA = 1e-6  # pixels of a box that is left


@dataclass(frozen=True)
class Picture:
    """An image (C, H, W), in bytes or floats in 0..1, its boxes (n, 4) in its own pixels and their labels (n,)."""

    pixels: Tensor
    boxes: np.ndarray
    labels: np.ndarray

    @cached_property
    def mean(self) -> Tensor:
        """The mean colour (C, 1, 1) of pixels in bytes, in 0..1."""
        return (self.pixels.float() / 255).mean(dim=(1, 2))[:, None, None]


@dataclass(frozen=True)
class Part:
    """A rectangle of a view: x and y of its upper left corner, width and height, in pixels."""

    corner: tuple[int, int]
    shape: tuple[int, int]


@dataclass(frozen=True)
class Window:
    """Where a part of a view comes from: source = middle + turn @ (place - centre) / zoom, per axis of the source."""

    middle: np.ndarray
    centre: np.ndarray
    turn: np.ndarray
    zoom: np.ndarray

    def source(self, places: np.ndarray) -> np.ndarray:
        """Source pixels (..., 2) of view pixels (..., 2), both as x, y."""
        found: np.ndarray = self.middle + (places - self.centre) @ self.turn.T / self.zoom
        return found

    def view(self, places: np.ndarray) -> np.ndarray:
        found: np.ndarray = (places - self.middle) * self.zoom @ self.turn + self.centre
        return found


def draw_view(
    random: np.random.Generator,
    pictures: Sequence[Picture],
    first: int,
    shape: tuple[int, int],
    params: AugmentParams,
    *,
    mosaic: bool,
    factor: float,
) -> Picture:
    """A view of `shape` (width, height) of the picture `first`, with `mosaic` of three more beside it.

    `factor` times what `params` say is the zoom. Only parts of a mosaic are turned: a whole image would no more fit.
    """
    canvas = torch.zeros(pictures[first].pixels.shape[0], shape[1], shape[0])
    low, high = params.mosaic_zoom if mosaic else params.zoom
    boxes, labels = [], []
    for number, part in enumerate(parts_of(random, shape, mosaic)):
        picture = pictures[first if number == 0 else int(random.integers(len(pictures)))]
        window = draw_window(
            random, picture, part, zoom=(low * factor, high * factor), aspect=params.aspect, turned=mosaic
        )
        draw(canvas, picture, window, part)
        moved, kept = move_boxes(picture, window, part, params.visible)
        boxes.append(moved)
        labels.append(kept)
    return Picture(colour(random, canvas, params), np.concatenate(boxes), np.concatenate(labels))


def parts_of(random: np.random.Generator, shape: tuple[int, int], mosaic: bool) -> list[Part]:
    """The one or four parts of a view of `shape` (width, height)."""
    if not mosaic:
        return [Part((0, 0), shape)]
    (width, height), (x, y) = shape, (int(side * random.uniform(0.35, 0.65)) for side in shape)
    right, below = width - x, height - y
    corners = [((0, 0), (x, y)), ((x, 0), (right, y)), ((0, y), (x, below)), ((x, y), (right, below))]
    return [Part(corner, size) for corner, size in corners]


def draw_window(
    random: np.random.Generator, picture: Picture, part: Part, *, zoom: tuple[float, float], aspect: float, turned: bool
) -> Window:
    """A window on a picture for a part of a view.

    As much of the picture as fits is seen; where the picture is smaller than the part, it lies anywhere in it.
    """
    size, shape = np.array(picture.pixels.shape[:0:-1], float), np.array(part.shape, float)
    turn = SYMMETRIES[random.integers(len(SYMMETRIES) if turned else UPRIGHT)]
    squeeze = np.exp(random.uniform(-aspect, aspect) / 2)
    both = np.exp(random.uniform(*np.log(zoom))) * np.array([squeeze, 1 / squeeze])
    half = np.abs(turn @ shape) / both / 2
    low, high = np.minimum(half, size - half), np.maximum(half, size - half)
    return Window(random.uniform(low, high), np.array(part.corner) + shape / 2, turn, both)


def draw(canvas: Tensor, picture: Picture, window: Window, part: Part) -> None:
    """Draw the part onto `canvas` (C, H, W); outside the picture it has the picture's mean colour."""
    (left, top), (width, height) = part.corner, part.shape
    low, high = seen(picture, window, part)
    # A place on the source is the sum of what its column and what its row say: no table of all places in float64.
    x, y = left + np.arange(width) + 0.5, top + np.arange(height) + 0.5
    columns = window.source(np.stack([x, np.full(width, window.centre[1])], axis=1)) - low
    rows = window.source(np.stack([np.full(height, window.centre[0]), y], axis=1)) - window.middle
    across, down = (torch.from_numpy((2 * one / (high - low)).astype(np.float32)) for one in (columns, rows))
    grid = across[None] + down[:, None] - 1
    image = picture.pixels[:, low[1] : high[1], low[0] : high[0]].float() / 255 - picture.mean
    drawn = grid_sample(image[None], grid[None], align_corners=False)[0] + picture.mean
    canvas[:, top : top + height, left : left + width] = drawn


def seen(picture: Picture, window: Window, part: Part) -> tuple[np.ndarray, np.ndarray]:
    """The corners, as x, y, of the rectangle of a picture's pixels that a part shows, with a pixel more around it."""
    size = np.array(picture.pixels.shape[:0:-1])
    half = np.abs(window.turn @ np.array(part.shape, float)) / window.zoom / 2 + 1
    low = np.clip(np.floor(window.middle - half), 0, size - 1).astype(int)
    return low, np.clip(np.ceil(window.middle + half), low + 1, size).astype(int)


def move_boxes(picture: Picture, window: Window, part: Part, visible: float) -> tuple[np.ndarray, np.ndarray]:
    """The picture's boxes in the view, cut at the part's edges, and their labels, less those with too little left."""
    ends = window.view(picture.boxes.reshape(-1, 2, 2).astype(np.float64))
    moved = np.concatenate([ends.min(axis=1), ends.max(axis=1)], axis=1)
    low = np.array(part.corner, float)
    high = low + part.shape
    cut = np.concatenate([np.clip(moved[:, :2], low, high), np.clip(moved[:, 2:], low, high)], axis=1)
    whole = (moved[:, 2:] - moved[:, :2]).prod(axis=1)
    left = (cut[:, 2:] - cut[:, :2]).prod(axis=1)
    keep = left > np.maximum(visible * whole, SMALLEST_AREA)
    return cut[keep].astype(np.float32), picture.labels[keep]


def colour(random: np.random.Generator, canvas: Tensor, params: AugmentParams) -> Tensor:
    """Another contrast, brightness, tint, gamma and grain."""
    channels = len(canvas)
    gain = np.exp(random.normal(0, params.contrast) + random.normal(0, params.tint, channels))
    shift = random.normal(0, params.brightness) + random.normal(0, params.tint, channels)
    gamma, noise = np.exp(random.normal(0, params.gamma)), abs(random.normal(0, params.noise))
    mean = canvas.mean(dim=(1, 2), keepdim=True)
    factor, added = (torch.from_numpy(one.astype(np.float32))[:, None, None] for one in (gain, shift / 2))
    changed = ((canvas - mean) * factor + mean + added).clamp(0, 1)
    if params.gamma:
        changed = changed**gamma
    if params.noise:
        grain = random.standard_normal(tuple(canvas.shape), np.float32) * np.float32(noise)
        changed = (changed + torch.from_numpy(grain)).clamp(0, 1)
    return changed
