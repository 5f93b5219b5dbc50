"""Prepared images as batches: drawn anew each epoch for training, whole for validation."""

import math
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from lightning.pytorch import LightningDataModule, Trainer
from torch import Tensor

from components.core.errors import CasebookError
from components.core.job import PREPARED_FILES, TRAIN, VALIDATION, Meta
from components.core.params.case import FitParams
from components.core.seeds import derived_seed
from components.recipes.detection.encoding.resize import padded, rescale, scale_for
from components.recipes.detection.encoding.rows import ImageRow, read_rows
from components.recipes.detection.encoding.spec import Spec
from components.recipes.detection.training.augment import AugmentParams, Picture, draw_view
from components.training.slices import SliceLoader

MULTIPLE = 32  # the detector's coarsest stride
MOST_SCALE, MOST_SIDE = 8.0, 4096  # of an image that is enlarged: nothing is there to be seen, and memory fills


class Batch(NamedTuple):
    """`images` (B, C, H, W) in 0..1, their boxes (B, M, 4) in pixels, and labels (B, M), -1 on padding."""

    images: Tensor
    boxes: Tensor
    labels: Tensor


class ImageData(LightningDataModule):
    """Images scaled so that the median side of a training box is about `object_pixels`.

    They are kept in memory as bytes. An epoch has `views` training views of `size` (height, width); with `whole`
    they are of the validation images too, for a model that is served, and nothing is held out.
    """

    def __init__(
        self,
        prepared: Path,
        params: FitParams,
        augment: AugmentParams,
        *,
        object_pixels: float,
        size: tuple[int, int],
        views: int,
        whole: bool = False,
    ) -> None:
        super().__init__()
        self.prepared, self.params, self.augment = prepared, params, augment
        self.object_pixels, self.size, self.views, self.whole = object_pixels, size, views, whole
        self.meta = Meta.read(prepared)
        self.spec = Spec.model_validate(self.meta.data["spec"])

    @cached_property
    def sides(self) -> np.ndarray:
        """Geometric means (N,) of the sides of the training boxes, in pixels of the images as they came."""
        rows = read_rows(self.prepared / PREPARED_FILES[TRAIN], pixels=False)
        boxes = np.concatenate([row.boxes for row in rows])
        found: np.ndarray = np.sqrt((boxes[:, 2:] - boxes[:, :2]).prod(axis=1))
        return found

    @cached_property
    def scale(self) -> float:
        found = scale_for(self.sides, self.object_pixels)
        most = self.meta.data["sizes"][TRAIN]
        side = max(most["width"], most["height"]) * found
        if found > MOST_SCALE and side > MOST_SIDE:
            raise CasebookError(
                f"model.input.object_pixels: the median box of training measures {np.median(self.sides):.2g} pixels; "
                f"to make it {self.object_pixels:g} an image of {most['width']}x{most['height']} would be {found:.0f} "
                "times as wide and high; see to the boxes (prepare.boxes says how they are written), or lower it"
            )
        return found

    @cached_property
    def training(self) -> list[Picture]:
        return [
            picture for split in ([TRAIN, VALIDATION] if self.whole else [TRAIN]) for picture in self.pictures(split)
        ]

    @cached_property
    def validation(self) -> list[Picture]:
        return list(self.pictures(VALIDATION))

    def pictures(self, split: str) -> Iterator[Picture]:
        for row in read_rows(self.prepared / PREPARED_FILES[split]):
            yield self._picture(row)

    def _picture(self, row: ImageRow) -> Picture:
        image = rescale(row.decoded(self.spec), self.scale)
        pixels = torch.from_numpy((image.transpose(2, 0, 1) * 255).round().astype(np.uint8))
        return Picture(pixels, row.boxes * np.float32(self.scale), row.labels.astype(np.int64))

    def train_dataloader(self) -> "ViewLoader":
        return ViewLoader(self.training, self.augment, self.params, self.size, self.views, self._trainer)

    def val_dataloader(self) -> "list[Batch] | WholeLoader":
        return [] if self.whole else WholeLoader(self.validation, self.params.batch_size, self._trainer)

    @property
    def _trainer(self) -> Trainer:
        if self.trainer is None:
            raise CasebookError("images: Lightning attaches the trainer before it asks for batches")
        return self.trainer


class ViewLoader(SliceLoader):
    """Training views by (seed, epoch, number): a run killed in mid-epoch goes on with the very next batch."""

    def __init__(
        self,
        pictures: list[Picture],
        augment: AugmentParams,
        params: FitParams,
        size: tuple[int, int],
        views: int,
        trainer: Trainer,
    ) -> None:
        numbers = (torch.arange(views),)
        super().__init__(numbers, batch_size=params.batch_size, seed=params.seed, shuffle=False, trainer=trainer)
        self.pictures, self.augment, self.params = pictures, augment, params
        self.size, self.views = size, views

    @property
    def rows(self) -> int:
        return self.views // self.trainer.world_size  # equally many in every process, as where rows are shuffled

    def __iter__(self) -> Iterator[Batch]:
        # The epoch is read from the trainer: a hook would be skipped on resuming in mid-epoch.
        epoch = self.trainer.current_epoch
        order = self._order(epoch)
        for (numbers,) in super().__iter__():
            mine = numbers.cpu().numpy()
            done = (epoch + (self.position - 1) / len(self)) / self.params.max_epochs
            yield self._batch(epoch, mine, order[mine], done)

    def _order(self, epoch: int) -> np.ndarray:
        """Which picture (views,) each view of an epoch shows first: all of them before one is shown again."""
        random = np.random.default_rng(derived_seed(self.params.seed, epoch))
        rounds = math.ceil(self.views / len(self.pictures))
        return np.concatenate([random.permutation(len(self.pictures)) for _ in range(rounds)])[: self.views]

    def _batch(self, epoch: int, numbers: np.ndarray, first: np.ndarray, done: float) -> Batch:
        factor = self.augment.small.factor if done < self.augment.small.until else 1.0
        height, width = (max(MULTIPLE, round(side * factor / MULTIPLE) * MULTIPLE) for side in self.size)
        mosaic = self.augment.mosaic if done < self.augment.mosaic_until else 0.0
        views = []
        for number, place in zip(numbers, first, strict=True):
            random = np.random.default_rng(derived_seed(self.params.seed, epoch, int(number) + 1))
            four = random.random() < mosaic
            views.append(
                draw_view(random, self.pictures, int(place), (width, height), self.augment, mosaic=four, factor=factor)
            )
        return collate(views, self.trainer.strategy.root_device)


class WholeLoader:
    """Images as they are, padded, neighbours of one size together."""

    def __init__(self, pictures: list[Picture], batch_size: int, trainer: Trainer) -> None:
        if len(pictures) < trainer.world_size:
            raise CasebookError(
                f"{len(pictures)} validation image(s) cannot be shared by {trainer.world_size} processes; "
                "lower fit.devices"
            )
        self.pictures, self.trainer = pictures, trainer
        self.batches: list[list[int]] = []
        for place in range(trainer.global_rank, len(pictures), trainer.world_size):
            last = self.batches[-1] if self.batches else []
            if last and len(last) < batch_size and pictures[last[0]].pixels.shape == pictures[place].pixels.shape:
                last.append(place)
            else:
                self.batches.append([place])

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[Batch]:
        for places in self.batches:
            yield collate([_whole(self.pictures[place]) for place in places], self.trainer.strategy.root_device)


def _whole(picture: Picture) -> Picture:
    pixels = padded(picture.pixels.numpy().astype(np.float32) / 255, MULTIPLE)
    return Picture(torch.from_numpy(pixels), picture.boxes, picture.labels)


def collate(views: list[Picture], device: torch.device) -> Batch:
    most = max(1, *(len(view.labels) for view in views))
    boxes = torch.zeros(len(views), most, 4)
    labels = torch.full((len(views), most), -1)
    for place, view in enumerate(views):
        boxes[place, : len(view.labels)] = torch.from_numpy(view.boxes)
        labels[place, : len(view.labels)] = torch.from_numpy(view.labels)
    images = torch.stack([view.pixels for view in views])
    return Batch(images.to(device), boxes.to(device), labels.to(device))
