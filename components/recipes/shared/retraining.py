"""Learners that go on from a fitted one: with the smallest weights pruned, or smaller and taught by it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import LightningDataModule, LightningModule
from torch import nn

from components.compression.prune import HoldMasks, apply_masks, magnitude_masks
from components.core.job import Job
from components.core.params.case import DistillParams, PruneParams
from components.core.parts import Training
from components.training.fit import build, fit


def restored(job: Job, training: Training, weights: Path) -> LightningModule:
    """The learner with weights that a fit has saved."""
    learner, _ = build(job, training)
    learner.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    return learner


def pruned(job: Job, training: Training, params: PruneParams, weights: Path, state: Path) -> LightningModule:
    """The learner of these weights, the smallest of them set to zero, the rest trained on for a few epochs."""
    masks = magnitude_masks(_network(restored(job, training, weights)), params.amount)

    def start(inner: Job, _data: LightningDataModule) -> LightningModule:
        learner = restored(inner, training, weights)  # at the rate, and by the schedule, of the epochs after
        apply_masks(_network(learner), masks)
        return learner

    learner, _ = fit(tuned(job, params), replace(training, learner=start), state=state, callbacks=[HoldMasks(masks)])
    return learner


def tuned(job: Job, params: PruneParams, values: Mapping[str, Any] | None = None) -> Job:
    """The job of the epochs after pruning, with further `values` set."""
    lr = job.params.fit.lr * params.lr_factor
    return job.with_values({**(values or {}), "fit.max_epochs": params.epochs, "fit.lr": lr})


def student(job: Job, params: DistillParams) -> Job:
    """The job of a smaller network that the fitted model teaches (Hinton et al., 2015, arXiv:1503.02531)."""
    smaller = {f"model.{name}": value for name, value in params.model.items()}
    return job.with_values({**smaller, "fit.max_epochs": params.epochs})


def _network(learner: LightningModule) -> nn.Module:
    network = learner.network
    assert isinstance(network, nn.Module)
    return network
