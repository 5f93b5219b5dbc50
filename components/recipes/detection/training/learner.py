"""Learning to find objects with a dense map of scores and boxes."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from pydantic import Field
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

from components.core.blocks import Block
from components.core.params.case import FitParams
from components.recipes.detection.encoding.suppress import read_map, suppress
from components.recipes.detection.training.assignment import Assigned, assign
from components.recipes.detection.training.boxes import decode, points
from components.recipes.detection.training.cell_detector import CellDetector
from components.recipes.detection.training.losses import box_loss, score_loss
from components.recipes.detection.training.muon import Muon
from components.recipes.detection.training.validation import Found, average_precision
from components.training.learner import Groups, Learner, decay_matrices

if TYPE_CHECKING:
    from components.recipes.detection.training.data import Batch

Tensors = tuple[Tensor, ...] | list[Tensor]
START = 10  # steps after which the average forgets the first weights as fast as it remembers them


class LossParams(Block):
    """How points are given boxes (see `assign`), and what the boxes weigh beside the scores in the loss."""

    candidates: int = Field(ge=1)
    score_power: float = Field(ge=0)
    overlap_power: float = Field(ge=0)
    box_weight: float = Field(gt=0)


class AnswerParams(Block):
    """Which of a map's answers count: those of at least the confidence `least`, of boxes of one class that overlap
    by more than `overlap` the best, `most` of an image.
    """

    least: float = Field(gt=0, lt=1)
    overlap: float = Field(gt=0, lt=1)
    most: int = Field(ge=1)


class DetectionLearner(Learner):
    """Minimises the quality focal loss of the scores and 1 - GIoU of the boxes of a `CellDetector`.

    A batch is a `components.recipes.detection.training.data.Batch`. What is validated and served is an average of the
    weights that keeps the share `decay` at a step. Logs `val/map50` and `val/map50_95`. The learning rate rises to
    `params.lr` and falls to `floor` of it. It is AdamW's; with `kernel_lr_factor` the inner kernels are stepped by
    Muon, at so many times the rate.
    """

    network: CellDetector

    def __init__(
        self,
        network: CellDetector,
        params: FitParams,
        *,
        loss: LossParams,
        answers: AnswerParams,
        decay: float,
        floor: float,
        kernel_lr_factor: float | None,
        channels_last: bool,
    ) -> None:
        super().__init__(network, params)
        self.layout = torch.channels_last if channels_last else torch.contiguous_format
        network.to(memory_format=self.layout)  # type: ignore[call-overload]
        self.averaged = AveragedModel(network, multi_avg_fn=Average(decay), use_buffers=True).requires_grad_(False)
        self.loss, self.answers, self.floor = loss, answers, floor
        self.kernel_lr_factor = kernel_lr_factor

    @property
    def served(self) -> CellDetector:
        """The network of averaged weights."""
        network = self.averaged.module
        assert isinstance(network, CellDetector)
        return network

    def forward(self, network: CellDetector, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits (B, A, C) and boxes (B, A, 4) at the map's points (A, 2)."""
        answer = network(images.contiguous(memory_format=self.layout)).float()
        places = points(answer.shape[2], answer.shape[3], network.stride, answer.device)
        rows = answer.flatten(2).transpose(1, 2)
        return rows[..., : network.classes], decode(rows[..., network.classes :], places, network.reach), places

    def training_loss(self, batch: "Batch") -> tuple[Tensor, int]:
        logits, boxes, places = self(self.network, batch.images)
        return self._loss(logits, boxes, self._assign(logits, boxes, places, batch)), 1

    def _assign(self, logits: Tensor, boxes: Tensor, places: Tensor, batch: "Batch") -> Assigned:
        return assign(
            torch.sigmoid(logits.detach()),
            boxes.detach(),
            places,
            batch.boxes,
            batch.labels,
            candidates=self.loss.candidates,
            score_power=self.loss.score_power,
            overlap_power=self.loss.overlap_power,
        )

    def _loss(self, logits: Tensor, boxes: Tensor, assigned: Assigned) -> Tensor:
        return score_loss(logits, assigned) + self.loss.box_weight * box_loss(boxes, assigned)

    def optimizer_step(self, *arguments: Any, **named: Any) -> None:
        """Averages at once: a checkpoint may be written before the batch's other hooks are called."""
        super().optimizer_step(*arguments, **named)
        self.averaged.update_parameters(self.network)

    def validated(self, batch: "Batch") -> list[Found]:
        network = self.served.eval()
        answers = network(batch.images.contiguous(memory_format=self.layout)).float().cpu().numpy()
        images = []
        for answer, boxes, labels in zip(answers, batch.boxes, batch.labels, strict=True):
            found = read_map(
                answer, classes=network.classes, stride=network.stride, reach=network.reach, least=self.answers.least
            )
            kept = suppress(found, overlap=self.answers.overlap, most=self.answers.most)
            true = labels >= 0
            images.append(Found(boxes[true].cpu().numpy(), labels[true].cpu().numpy(), kept))
        return images

    def validation_metrics(self, answers: list[list[Found]]) -> Mapping[str, float]:
        images = [image for batch in answers for image in batch]
        map50, map50_95 = average_precision(images, self.network.classes)
        return {"map50": map50, "map50_95": map50_95}

    def make_optimizer(self) -> Muon:
        groups = weight_groups(self.network, self.params, self.kernel_lr_factor)
        return Muon(groups, lr=self.params.lr, fused=self.fused)


class Average:
    """An exponential average of weights that remembers less at first, so that the first ones are soon forgotten."""

    def __init__(self, decay: float) -> None:
        self.decay = decay

    @torch.no_grad()
    def __call__(self, averaged: Tensors, current: Tensors, count: Tensor | int) -> None:
        done = int(count)
        kept = min(self.decay, (1 + done) / (START + done))
        for mean, weight in zip(averaged, current, strict=True):
            if mean.is_floating_point():
                mean.lerp_(weight, 1 - kept)
            else:  # batch norm's count of batches
                mean.copy_(weight)


def weight_groups(network: CellDetector, params: FitParams, kernel_lr_factor: float | None) -> Groups:
    """What `Muon` takes. Decay is for kernels only: biases and the scales of norms are left alone."""
    inner = [] if kernel_lr_factor is None else network.inner_kernels()
    ours = {id(weight) for weight in inner}
    rest = [weight for weight in network.parameters() if id(weight) not in ours]
    groups: Groups = [
        {
            "params": inner,
            "weight_decay": params.weight_decay,
            "orthogonal": True,
            "lr": params.lr * (kernel_lr_factor or 1),
        },
        *decay_matrices(rest, params.weight_decay),
    ]
    return [{"orthogonal": False, "lr": params.lr, **group} for group in groups if group["params"]]
