"""Boxes as x1, y1, x2, y2: where a dense map's points are, what they answer, and how boxes overlap."""

import torch
from torch import Tensor

SMALLEST_AREA = 1e-9
LARGEST_LOG = 4.0  # of a distance over `reach`: no box is e^4 times as large as a typical one


def points(height: int, width: int, stride: int, device: torch.device) -> Tensor:
    """The middles (height * width, 2) of a map's squares as x, y in pixels, row by row."""
    y = (torch.arange(height, device=device) + 0.5) * stride
    x = (torch.arange(width, device=device) + 0.5) * stride
    return torch.stack([x.repeat(height), y.repeat_interleave(width)], dim=1)


def decode(distances: Tensor, places: Tensor, reach: float) -> Tensor:
    """Boxes (B, A, 4) from logarithmic distances (B, A, 4) at points (A, 2)."""
    lengths = distances.clamp(max=LARGEST_LOG).exp() * reach
    return torch.cat([places - lengths[..., :2], places + lengths[..., 2:]], dim=-1)


def areas(boxes: Tensor) -> Tensor:
    return (boxes[..., 2:] - boxes[..., :2]).clamp(min=0).prod(dim=-1)


def paired_iou(first: Tensor, second: Tensor) -> Tensor:
    """Intersection over union (P,) of boxes (P, 4) with boxes (P, 4), pair by pair."""
    low, high = torch.maximum(first[:, :2], second[:, :2]), torch.minimum(first[:, 2:], second[:, 2:])
    shared = (high - low).clamp(min=0).prod(dim=1)
    return shared / (areas(first) + areas(second) - shared + SMALLEST_AREA)


def giou(first: Tensor, second: Tensor) -> Tensor:
    """Generalized intersection over union (N,) of boxes (N, 4), from -1 to 1 (Rezatofighi et al., 2019, 1902.09630)."""
    low, high = torch.maximum(first[:, :2], second[:, :2]), torch.minimum(first[:, 2:], second[:, 2:])
    shared = (high - low).clamp(min=0).prod(dim=1)
    union = areas(first) + areas(second) - shared
    hull_low, hull_high = torch.minimum(first[:, :2], second[:, :2]), torch.maximum(first[:, 2:], second[:, 2:])
    hull = (hull_high - hull_low).clamp(min=0).prod(dim=1)
    return shared / (union + SMALLEST_AREA) - (hull - union) / (hull + SMALLEST_AREA)
