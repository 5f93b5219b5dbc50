"""Losses of a detector: class scores that say how good the box is, and the overlap of boxes."""

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from components.recipes.detection.training.assignment import Assigned
from components.recipes.detection.training.boxes import giou


def score_loss(logits: Tensor, assigned: Assigned) -> Tensor:
    """Quality focal loss (Li et al., 2020, arXiv:2006.04388) of logits (B, A, C), over the strength that is asked for:
    cross-entropy, times the squared distance from what is asked for.
    """
    distance = (torch.sigmoid(logits) - assigned.score).square()
    loss = binary_cross_entropy_with_logits(logits, assigned.score, reduction="none") * distance
    return loss.sum() / assigned.score.sum().clamp(min=1)


def box_loss(boxes: Tensor, assigned: Assigned) -> Tensor:
    """1 - GIoU of boxes (B, A, 4) at positive points, weighted by the strength that is asked of them."""
    weight = assigned.score.sum(dim=-1)[assigned.positive]
    apart = 1 - giou(boxes[assigned.positive], assigned.box[assigned.positive])
    return (apart * weight).sum() / weight.sum().clamp(min=1)
