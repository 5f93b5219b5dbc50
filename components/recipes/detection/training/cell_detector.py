"""A small convolutional detector without anchors: a residual backbone, a feature pyramid, one dense map of answers."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, relu

PRIOR = 0.01  # the share of cells that hold an object, from which the class scores start (Lin et al., 2017)
STRIDES = (4, 8, 16, 32)  # of the backbone's stages
UNIT = 8  # channels that a processor takes at once


class ConvNorm(nn.Sequential):
    """Convolution, batch norm and ReLU: `(B, Ci, H, W) -> (B, Co, H / stride, W / stride)`."""

    def __init__(self, inputs: int, outputs: int, *, size: int = 3, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )


def share_of(width: int, share: float) -> int:
    """About `share` of `width` channels, in units that a processor takes at once."""
    return max(UNIT, round(width * share / UNIT) * UNIT)


class Residual(nn.Module):
    """Two convolutions beside the identity; `hidden` is the width between them."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.first = ConvNorm(width, hidden)
        self.second = nn.Sequential(nn.Conv2d(hidden, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width))

    def forward(self, features: Tensor) -> Tensor:
        return relu(features + self.second(self.first(features)))


class HiddenLayer(NamedTuple):
    """Names of a convolution, its norm, and the one convolution that reads what they make."""

    convolution: str
    norm: str
    reader: str


class Backbone(nn.Module):
    """`(B, C, H, W)` to features at strides 4, 8, 16, 32 of `widths` channels; `stem` at stride 2."""

    def __init__(
        self, *, channels: int, stem: int, widths: Sequence[int], depths: Sequence[int], hidden: float
    ) -> None:
        super().__init__()
        self.stem = ConvNorm(channels, stem, stride=2)
        before = [stem, *widths[:-1]]
        self.stages = nn.ModuleList(
            nn.Sequential(
                ConvNorm(inputs, width, stride=2), *(Residual(width, share_of(width, hidden)) for _ in range(depth))
            )
            for inputs, width, depth in zip(before, widths, depths, strict=True)
        )

    def forward(self, images: Tensor) -> list[Tensor]:
        features = self.stem(images)
        levels = []
        for stage in self.stages:
            features = stage(features)
            levels.append(features)
        return levels


class Pyramid(nn.Module):
    """Features of several strides added top down (Lin et al., 2017, arXiv:1612.03144): the finest one, `size` wide."""

    def __init__(self, widths: Sequence[int], size: int) -> None:
        super().__init__()
        self.lateral = nn.ModuleList(nn.Conv2d(width, size, 1) for width in widths)
        self.smooth = ConvNorm(size, size)

    def forward(self, levels: Sequence[Tensor]) -> Tensor:
        merged = self.lateral[-1](levels[-1])
        for level, lateral in zip(reversed(levels[:-1]), list(self.lateral)[-2::-1], strict=True):
            merged = interpolate(merged, scale_factor=2.0, mode="nearest") + lateral(level)
        features: Tensor = self.smooth(merged)
        return features


class CellDetector(nn.Module):
    """`(B, C, H, W)` with H, W multiples of 32 to `(B, classes + 4, H / stride, W / stride)`.

    The first channels are logits of a class at a point, the last four logarithms of the distances from the point,
    the middle of its square of `stride` pixels, to the left, top, right and bottom of the box, in units of `reach`
    pixels (Tian et al., 2019, arXiv:1904.01355, with one level of the pyramid). Inside residual blocks and heads
    there is the share `hidden` of the channels around them.
    """

    def __init__(
        self,
        *,
        channels: int,
        classes: int,
        stride: int,
        reach: float,
        stem: int,
        widths: Sequence[int],
        depths: Sequence[int],
        size: int,
        hidden: float,
    ) -> None:
        super().__init__()
        self.channels, self.classes, self.stride, self.reach = channels, classes, stride, reach
        self.first = STRIDES.index(stride)
        self.backbone = Backbone(channels=channels, stem=stem, widths=widths, depths=depths, hidden=hidden)
        self.pyramid = Pyramid(list(widths)[self.first :], size)
        inner = share_of(size, hidden)
        self.score = nn.Sequential(ConvNorm(size, inner), nn.Conv2d(inner, classes, 1))
        self.distance = nn.Sequential(ConvNorm(size, inner), nn.Conv2d(inner, 4, 1))
        last = self.score[-1]
        assert isinstance(last, nn.Conv2d)
        nn.init.constant_(last.bias, math.log(PRIOR / (1 - PRIOR)))  # type: ignore[arg-type]

    def hidden_layers(self) -> list[HiddenLayer]:
        """The layers whose outputs only the next layer reads: blocks and heads."""
        blocks = [name for name, module in self.named_modules() if isinstance(module, Residual)]
        inside = [HiddenLayer(f"{name}.first.0", f"{name}.first.1", f"{name}.second.0") for name in blocks]
        return inside + [HiddenLayer(f"{name}.0.0", f"{name}.0.1", f"{name}.1") for name in ("score", "distance")]

    def inner_kernels(self) -> list[nn.Parameter]:
        """Kernels of all convolutions but the first and the last of either head."""
        ends = [self.backbone.stem[0], self.score[-1], self.distance[-1]]
        outer = {id(module.weight) for module in ends}
        return [weight for weight in self.parameters() if weight.ndim > 1 and id(weight) not in outer]

    def forward(self, images: Tensor) -> Tensor:
        features = self.pyramid(self.backbone(images)[self.first :])
        return torch.cat([self.score(features), self.distance(features)], dim=1)
