"""Structured pruning: whole channels are taken out, so that what is left is a smaller network of the same kind."""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

BATCH_NORM_EPSILON = 1e-5  # batch norm's own, beside the variance


@torch.no_grad()
def prune_channels(
    weights: Mapping[str, Tensor], layers: Iterable[tuple[str, str, str]], smaller: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """A network's `weights` without the weakest outputs of each of `layers`, as many as fit the `smaller` one's.

    A layer is the names of a convolution, its batch norm, and the one convolution that reads what they make.
    A channel is as strong as the norm of its kernel times what batch norm makes of it (Li et al., 2017,
    arXiv:1608.08710; Liu et al., 2017, arXiv:1708.06519).
    """
    found = dict(weights)
    for convolution, norm, reader in layers:
        kept = _strongest(found, convolution, norm, len(smaller[f"{convolution}.weight"]))
        found[f"{convolution}.weight"] = found[f"{convolution}.weight"][kept]
        for part in ("weight", "bias", "running_mean", "running_var"):
            found[f"{norm}.{part}"] = found[f"{norm}.{part}"][kept]
        found[f"{reader}.weight"] = found[f"{reader}.weight"][:, kept]
    return found


def _strongest(weights: Mapping[str, Tensor], convolution: str, norm: str, count: int) -> Tensor:
    """The places (count,), rising, of the strongest outputs."""
    kernels = weights[f"{convolution}.weight"].flatten(1).norm(dim=1)
    factor = weights[f"{norm}.weight"].abs() / (weights[f"{norm}.running_var"] + BATCH_NORM_EPSILON).sqrt()
    return (kernels * factor).topk(count).indices.sort().values
