"""Assignment of points of a dense map to boxes: to those that do it best already (task-aligned assignment)."""

from typing import NamedTuple

import torch
from torch import Tensor

from components.recipes.detection.training.boxes import paired_iou

SMALLEST_ALIGNMENT = 1e-9**2  # at or below it a point does nothing for a box


class Assigned(NamedTuple):
    """For each of A points: the class scores (B, A, C) to learn, whether it has a box (B, A), and which (B, A, 4)."""

    score: Tensor
    positive: Tensor
    box: Tensor


@torch.no_grad()
def assign(
    scores: Tensor,
    boxes: Tensor,
    places: Tensor,
    truth: Tensor,
    labels: Tensor,
    *,
    candidates: int,
    score_power: float,
    overlap_power: float,
) -> Assigned:
    """Each true box's `candidates` best points among those inside it, by score^score_power * IoU^overlap_power.

    Feng et al., 2021, TOOD, arXiv:2108.07755. A point that several boxes choose goes to the one it overlaps most;
    its score to learn is how well it does relative to the box's best point, times that box's best IoU.
    `scores` (B, A, C), `boxes` (B, A, 4), `places` (A, 2), `truth` (B, M, 4), `labels` (B, M), -1 on padding.
    """
    # One image at a time, and pairs of a box and a point inside it alone: of crowded images the table of all
    # boxes and all points would cost more than the network.
    found = []
    for score, box, own, label in zip(scores, boxes, truth, labels, strict=True):
        real = label >= 0
        image = _Image(score, box, places, own[real], label[real], score_power, overlap_power)
        found.append(_assign(image, candidates))
    return Assigned(*(torch.stack(parts) for parts in zip(*found, strict=True)))


class _Image(NamedTuple):
    """One image's answers (A, C) and (A, 4), its points (A, 2), true boxes (M, 4) and labels (M,)."""

    scores: Tensor
    boxes: Tensor
    places: Tensor
    truth: Tensor
    labels: Tensor
    score_power: float
    overlap_power: float

    def overlap(self, box: Tensor, point: Tensor) -> Tensor:
        return paired_iou(self.truth[box], self.boxes[point])

    def aligned(self, box: Tensor, point: Tensor, overlap: Tensor) -> Tensor:
        """How well each of P points does for its box: (P,)."""
        found: Tensor = self.scores[point, self.labels[box]].pow(self.score_power) * overlap.pow(self.overlap_power)
        return found


def _assign(image: _Image, candidates: int) -> tuple[Tensor, Tensor, Tensor]:
    score = torch.zeros_like(image.scores)
    positive = torch.zeros(len(score), dtype=torch.bool, device=score.device)
    target = torch.zeros_like(image.boxes)
    if len(image.truth):
        box, point = _choose(image, candidates).nonzero(as_tuple=True)
        overlap = image.overlap(box, point)
        wins = _wins(point, box, overlap, len(score))
        box, point, overlap = box[wins], point[wins], overlap[wins]
        aligned = image.aligned(box, point, overlap)
        best_aligned, best_overlap = (_largest(value, box, len(image.truth))[box] for value in (aligned, overlap))
        score[point, image.labels[box]] = aligned / (best_aligned + SMALLEST_ALIGNMENT) * best_overlap
        positive[point] = True
        target[point] = image.truth[box]
    return score, positive, target


def _choose(image: _Image, candidates: int) -> Tensor:
    """The points (M, A) that boxes choose: the best inside; for a box that has none, the one nearest to its middle."""
    box, point = _inside(image.places, image.truth).nonzero(as_tuple=True)
    table = torch.zeros(len(image.truth), len(image.places), dtype=image.scores.dtype, device=image.scores.device)
    table[box, point] = image.aligned(box, point, image.overlap(box, point))
    best = table.topk(min(candidates, table.shape[1]), dim=1)
    chosen = torch.zeros_like(table, dtype=torch.bool).scatter_(1, best.indices, best.values > SMALLEST_ALIGNMENT)
    lonely = ~chosen.any(dim=1)
    middle = (image.truth[lonely, :2] + image.truth[lonely, 2:]) / 2
    chosen[lonely.nonzero()[:, 0], torch.cdist(middle, image.places).argmin(dim=1)] = True
    return chosen


def _inside(places: Tensor, truth: Tensor) -> Tensor:
    """Whether points (A, 2) lie within boxes (M, 4): (M, A)."""
    x, y = places[:, 0], places[:, 1]
    left, top, right, bottom = (side[:, None] for side in truth.unbind(-1))
    return (x > left) & (x < right) & (y > top) & (y < bottom)


def _wins(point: Tensor, box: Tensor, overlap: Tensor, points: int) -> Tensor:
    """Which of P pairs has the largest overlap of those with its point; of equals the first box: (P,)."""
    largest = overlap == _largest(overlap, point, points)[point]
    number = torch.where(largest, box, torch.iinfo(box.dtype).max)
    first = torch.full((points,), torch.iinfo(box.dtype).max, dtype=box.dtype, device=box.device)
    first = first.scatter_reduce(0, point, number, "amin")
    return largest & (box == first[point])


def _largest(values: Tensor, group: Tensor, groups: int) -> Tensor:
    """The largest of `values` (P,) in each group (G,), 0 in an empty one."""
    return torch.zeros(groups, dtype=values.dtype, device=values.device).scatter_reduce(0, group, values, "amax")
