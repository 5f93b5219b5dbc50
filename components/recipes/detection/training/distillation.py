"""A smaller detector that learns from a larger one's answers, and from the truth."""

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from components.recipes.detection.training.assignment import Assigned
from components.recipes.detection.training.cell_detector import CellDetector
from components.recipes.detection.training.learner import DetectionLearner

if TYPE_CHECKING:
    from components.recipes.detection.training.data import Batch


class DistillationLearner(DetectionLearner):
    """As its parent, but the share `taught` of the loss asks at every point for the teacher's scores, and for its
    boxes where it is at least as sure as the answers that count (Hinton et al., 2015, arXiv:1503.02531).
    """

    def __init__(self, network: CellDetector, *arguments: Any, teacher: CellDetector, taught: float, **named: Any):
        super().__init__(network, *arguments, **named)
        self._teacher = (teacher.eval().requires_grad_(False),)  # in a tuple: no part of what is trained and saved
        self.taught = taught

    def training_loss(self, batch: "Batch") -> tuple[Tensor, int]:
        logits, boxes, places = self(self.network, batch.images)
        truth = self._loss(logits, boxes, self._assign(logits, boxes, places, batch))
        return (1 - self.taught) * truth + self.taught * self._loss(logits, boxes, self._answers(batch)), 1

    @torch.no_grad()
    def _answers(self, batch: "Batch") -> Assigned:
        logits, boxes, _ = self(self._teacher[0].to(batch.images.device), batch.images)
        scores = torch.sigmoid(logits)
        return Assigned(scores, scores.amax(dim=-1) >= self.answers.least, boxes)
