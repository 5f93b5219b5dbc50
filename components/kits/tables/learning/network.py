"""The TabM network of a table, sized by its data, and which of its weights decay."""

import torch
from torch import Tensor, nn

from components.kits.tables.learning.blocks import NetworkParams
from components.kits.tables.learning.data import TableData
from components.kits.tables.tabm import TabMNetwork, periodic, piecewise_linear
from components.training.learner import Groups


def make_network(data: TableData, params: NetworkParams, *, outputs: int) -> TabMNetwork:
    """A network whose sizes come from the data, and its embedding's bins from the training rows.

    It answers `(B, k)`, or `(B, k, outputs)` where there are more than one.
    """
    numeric = torch.from_numpy(data.parts[0].encoded.numeric)
    return TabMNetwork(
        embedding=make_embedding(numeric, params),
        features=numeric.shape[1],
        cardinalities=data.encoder.sizes,
        k=params.k,
        blocks=params.blocks,
        width=params.width,
        dropout=params.dropout,
        outputs=outputs,
    )


def make_embedding(numeric: Tensor, params: NetworkParams) -> nn.Module | None:
    if params.embedding == "piecewise_linear":
        return piecewise_linear(numeric, bins=params.bins, size=params.embedding_size)
    if params.embedding == "periodic":
        frequencies, scale = params.frequencies, params.frequency_scale
        return periodic(numeric, size=params.embedding_size, frequencies=frequencies, scale=scale)
    return None


def weight_decay_groups(network: nn.Module, weight_decay: float) -> Groups:
    """Decay for weight matrices only: biases, and TabM's per-member scales `r` and `s`, are left alone."""
    decayed: list[nn.Parameter] = []
    free: list[nn.Parameter] = []
    for name, parameter in network.named_parameters():
        is_matrix = parameter.ndim > 1 and name.rsplit(".", 1)[-1] not in {"r", "s", "bias"}
        (decayed if is_matrix else free).append(parameter)
    return [{"params": decayed, "weight_decay": weight_decay}, {"params": free, "weight_decay": 0.0}]
