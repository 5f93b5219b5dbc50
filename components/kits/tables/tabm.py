"""TabM (Gorishniy et al., 2024, arXiv:2410.24210) with embeddings of its numeric features."""

import warnings
from collections.abc import Sequence

import torch
from rtdl_num_embeddings import PeriodicEmbeddings, PiecewiseLinearEmbeddings, compute_bins
from tabm import TabM
from torch import Tensor, nn
from torch.nn.functional import one_hot


class TabMNetwork(nn.Module):
    """An MLP that answers as `k` parameter-sharing members, each with its own adapters.

    `(B, F) float32, (B, C) int64 -> (B, k)` logits, `(B, k, outputs)` where there are more of them.
    `embedding` maps the F numeric features to `(B, F, D)`, None takes them as they are;
    `cardinalities` are the sizes of the C categorical ones.
    """

    def __init__(
        self,
        *,
        embedding: nn.Module | None,
        features: int,
        cardinalities: Sequence[int],
        k: int,
        blocks: int,
        width: int,
        dropout: float,
        outputs: int,
    ) -> None:
        super().__init__()
        self.members = TabM.make(
            n_num_features=features,
            cat_cardinalities=list(cardinalities),
            d_out=outputs,
            num_embeddings=embedding,
            k=k,
            n_blocks=blocks,
            d_block=width,
            dropout=dropout,
        )
        self.cardinalities = tuple(cardinalities)

    def forward(self, numeric: Tensor, categorical: Tensor) -> Tensor:
        # TabM's own forward joins integer dummies to floats with `column_stack`, which ONNX has not;
        # these are its parts in its order.
        embedded = numeric if self.members.num_module is None else self.members.num_module(numeric).flatten(1)
        dummies = [one_hot(categorical[:, i], size).float() for i, size in enumerate(self.cardinalities)]
        features = torch.cat([embedded, *dummies], dim=1)
        answers: Tensor = self.members.output(self.members.backbone(self.members.ensemble_view(features)))
        return answers.squeeze(-1)


def piecewise_linear(numeric: Tensor, *, bins: int, size: int) -> nn.Module:
    """Each feature as how far it has come through each of its bins (Gorishniy et al., 2022, arXiv:2203.05556)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an indicator has but one bin, as it should
        return PiecewiseLinearEmbeddings(quantile_bins(numeric, bins), size, activation=False, version="B")


def periodic(numeric: Tensor, *, size: int, frequencies: int, scale: float) -> nn.Module:
    """Each feature as sines and cosines of learned frequencies (same paper); `scale` is how high they start."""
    return PeriodicEmbeddings(
        numeric.shape[1], size, n_frequencies=frequencies, frequency_init_scale=scale, activation=True, lite=True
    )


def quantile_bins(numeric: Tensor, count: int) -> list[Tensor]:
    """Edges of at most `count` equal-mass bins for each column of `(N, F)`.

    A column that is constant in these rows gets one bin around its value, since an embedding
    needs a width to interpolate over.
    """
    edges = []
    for column in numeric.unbind(dim=1):
        if column.min() == column.max():
            edges.append(torch.stack([column[0] - 1, column[0] + 1]))
        else:
            edges += compute_bins(column.unsqueeze(1), n_bins=count)
    return edges


class MeanProbability(nn.Module):
    """What is served: the mean probability over a network's members.

    `(B, F), (B, C) -> (B,)` in [0, 1].
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, numeric: Tensor, categorical: Tensor) -> Tensor:
        return torch.sigmoid(self.network(numeric, categorical)).mean(dim=1)
