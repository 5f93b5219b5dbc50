"""Gathering of what the processes of a fit have validated: AUC or precision of a part is not that of the whole."""

from typing import Any, TypeVar

import torch
import torch.distributed as dist
from lightning.pytorch import LightningModule
from torch import Tensor

Item = TypeVar("Item")


def of_all_processes(learner: LightningModule, items: list[Item]) -> list[Item]:
    """The lists of all processes, one after the other in the order of their ranks; of a single process its own.

    Items are tensors, tuples of them, or anything that can be pickled.
    """
    if not dist.is_initialized():
        return items
    parts: list[Any] = [None] * dist.get_world_size()
    dist.all_gather_object(parts, [_moved(item, torch.device("cpu")) for item in items])
    return [_moved(item, learner.device) for part in parts for item in part]


def _moved(item: Any, device: torch.device) -> Any:
    if isinstance(item, tuple):
        return tuple(_moved(one, device) for one in item)
    return item.to(device) if isinstance(item, Tensor) else item
