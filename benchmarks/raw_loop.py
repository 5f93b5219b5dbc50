"""The training loop that a person would write without a framework: the same steps, nothing around them."""

import copy
import time

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR
from torchmetrics.functional.classification import binary_auroc

from components.core.job import Job
from components.core.parts import Training
from components.kits.tables.learning.data import TableData
from components.kits.tables.learning.network import weight_decay_groups
from components.recipes.binary.training.learner import BinaryLearner
from components.training.fit import build
from components.training.schedules import WarmupCosine

Tensors = tuple[Tensor, ...]


def train(job: Job, training: Training) -> float:
    """Train the case's network for `fit.max_epochs` and return the seconds that the epochs took."""
    learner, data = build(job, training)
    assert isinstance(learner, BinaryLearner)
    assert isinstance(data, TableData)
    network, params = learner.network, job.params.fit
    train_rows, held_out = (rows.tensors() for rows in data.parts)
    steps = -(-len(train_rows[0]) // params.batch_size) * params.max_epochs
    optimizer = AdamW(weight_decay_groups(network, params.weight_decay), lr=params.lr, fused=True)
    scheduler = LambdaLR(optimizer, WarmupCosine(steps, params.warmup_fraction))
    generator = torch.Generator().manual_seed(params.seed)
    lowest = float("inf")
    started = time.perf_counter()
    for _ in range(params.max_epochs):
        order = torch.randperm(len(train_rows[0]), generator=generator)
        _epoch(network, tuple(rows[order] for rows in train_rows), optimizer, scheduler, job)
        loss, _ = _validate(network, held_out)
        if loss < lowest:
            lowest, _best = loss, copy.deepcopy(network.state_dict())
    return time.perf_counter() - started


def _epoch(network: torch.nn.Module, rows: Tensors, optimizer: AdamW, scheduler: LambdaLR, job: Job) -> float:
    network.train()
    size, total = job.params.fit.batch_size, torch.zeros(())
    for start in range(0, len(rows[0]), size):
        numeric, categorical, target = (part[start : start + size] for part in rows)
        logits = network(numeric, categorical)
        loss = binary_cross_entropy_with_logits(logits, target.unsqueeze(1).expand_as(logits))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), job.params.fit.gradient_clip or torch.inf)
        optimizer.step()
        scheduler.step()
        total += loss.detach() * len(target)
    return float(total) / len(rows[0])


@torch.no_grad()
def _validate(network: torch.nn.Module, rows: Tensors) -> tuple[float, float]:
    network.eval()
    numeric, categorical, target = rows
    probability = torch.sigmoid(network(numeric, categorical)).mean(dim=1).clamp(1e-7, 1 - 1e-7)
    loss = torch.nn.functional.binary_cross_entropy(probability, target)
    return float(loss), float(binary_auroc(probability, target.long()))
