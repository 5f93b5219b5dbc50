"""Network and learner of a two-class table, sized by its data."""

import torch
from torch import Tensor, nn

from components.kits.tables.tabm import TabMNetwork, periodic, piecewise_linear
from components.recipes.binary.params import BinaryJob, NetworkParams
from components.recipes.binary.training.data import TableData
from components.recipes.binary.training.learner import BinaryLearner


def make_learner(job: BinaryJob, data: TableData, params: NetworkParams) -> BinaryLearner:
    """A TabM learner whose sizes come from the data, and its embedding's bins from the training rows."""
    numeric = torch.from_numpy(data.parts[0].encoded.numeric)
    network = TabMNetwork(
        embedding=make_embedding(numeric, params),
        features=numeric.shape[1],
        cardinalities=data.encoder.sizes,
        k=params.k,
        blocks=params.blocks,
        width=params.width,
        dropout=params.dropout,
        outputs=1,
    )
    return BinaryLearner(network, job.params.fit)


def make_embedding(numeric: Tensor, params: NetworkParams) -> nn.Module | None:
    if params.embedding == "piecewise_linear":
        return piecewise_linear(numeric, bins=params.bins, size=params.embedding_size)
    if params.embedding == "periodic":
        frequencies, scale = params.frequencies, params.frequency_scale
        return periodic(numeric, size=params.embedding_size, frequencies=frequencies, scale=scale)
    return None
