"""TabM as its package's example trains it: quantiles to normal, piecewise linear embeddings, AdamW, early stopping."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import numpy as np
import pandas as pd
import torch
from rtdl_num_embeddings import PiecewiseLinearEmbeddings, compute_bins
from sklearn.preprocessing import QuantileTransformer
from tabm import TabM
from torch.optim import Optimizer
from torch.utils.data import TensorDataset

from benchmarks.tuned.peers import Answer, Rows
from benchmarks.tuned.rows import losses, seconds

K, EPOCHS, PATIENCE, NOISE = 16, 200, 16, 1e-3


class Inputs:
    """Numbers (N, F) as normal quantiles, missing ones at the middle; codes (N, C) of categories and of what is
    missing, 0 for what the fit has not seen.
    """

    def __init__(self, rows: Rows, random: np.random.Generator) -> None:
        frame = rows.frame
        self.texts = rows.texts
        categories = [len(frame[name].cat.categories) + 1 for name in self.texts]
        self.numbers = [name for name in frame if name not in self.texts and frame[name].nunique() > 1]
        self.gaps = [name for name in self.numbers if frame[name].isna().any()]
        self.sizes = [*categories, *[2] * len(self.gaps)]  # codes of each column
        self.middle = frame[self.numbers].median()
        values = self._numbers(frame)
        values += random.normal(0, NOISE, values.shape) * values.std(axis=0)
        count = max(min(len(frame) // 30, 1000), 10)
        self.quantiles = QuantileTransformer(n_quantiles=count, output_distribution="normal", subsample=None).fit(
            values
        )

    def __call__(self, frame: pd.DataFrame) -> tuple[torch.Tensor, torch.Tensor]:
        codes = [frame[name].cat.codes.to_numpy() + 1 for name in self.texts]
        codes += [frame[name].isna().to_numpy() for name in self.gaps]
        shaped = np.stack(codes, axis=1) if codes else np.zeros((len(frame), 0))
        numbers = self.quantiles.transform(self._numbers(frame))
        return torch.tensor(numbers, dtype=torch.float32), torch.tensor(shaped.astype(np.int64))

    def _numbers(self, frame: pd.DataFrame) -> np.ndarray:
        return frame[self.numbers].fillna(self.middle).to_numpy(np.float64, copy=True)


def fit(settings: Mapping[str, Any], rows: Rows, held: Rows, seed: int, most: float) -> Answer:
    """`(N, C)` probabilities, or `(N,)` numbers: the mean over the k members. After `most` CPU seconds it trains
    no further epoch, and the best of those before is taken.
    """
    ends = seconds() + most
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    inputs = Inputs(rows, random)
    middle, scale = (0.0, 1.0) if rows.classes else (float(rows.target.mean()), float(rows.target.std()))
    network = _network(settings, inputs, inputs(rows.frame), rows)

    def answer(frame: pd.DataFrame) -> np.ndarray:
        said = _answer(network, *inputs(frame))
        return said if rows.classes else said * scale + middle

    optimizer = torch.optim.AdamW(network.parameters(), lr=settings["lr"], weight_decay=settings["weight_decay"])
    data = TensorDataset(*inputs(rows.frame), _target(rows, middle, scale))
    best, waited, kept = np.inf, 0, deepcopy(network.state_dict())
    for _ in range(EPOCHS):
        _epoch(network, optimizer, data, random)
        loss = float(losses(answer(held.frame), held.target).mean())
        waited += 1
        if loss < best:
            best, waited, kept = loss, 0, deepcopy(network.state_dict())
        if waited >= PATIENCE or seconds() >= ends:
            break
    network.load_state_dict(kept)
    return answer


def _epoch(network: TabM, optimizer: Optimizer, data: TensorDataset, random: np.random.Generator) -> None:
    network.train()
    size = 64 if len(data) < 1000 else 128 if len(data) < 3000 else 256
    for places in torch.tensor(random.permutation(len(data))).split(size):
        numbers, codes, target = data[places]
        optimizer.zero_grad()
        _loss(network(numbers, codes), target).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()


def _network(settings: Mapping[str, Any], inputs: Inputs, seen: tuple[torch.Tensor, torch.Tensor], rows: Rows) -> TabM:
    bins = compute_bins(seen[0], n_bins=min(settings["n_bins"], len(rows.target) // 4))
    embeddings = PiecewiseLinearEmbeddings(bins, settings["d_embedding"], activation=False, version="B")
    return TabM.make(
        n_num_features=len(inputs.numbers), cat_cardinalities=inputs.sizes, d_out=rows.classes or 1,
        num_embeddings=embeddings, k=K, **{name: settings[name] for name in ("n_blocks", "d_block", "dropout")},
    )  # fmt: skip


def _target(rows: Rows, middle: float, scale: float) -> torch.Tensor:
    if rows.classes:
        return torch.tensor(rows.target.astype(np.int64))
    return torch.tensor((rows.target - middle) / scale, dtype=torch.float32)


def _loss(said: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Of every member by itself: `said` (B, k, C)."""
    if said.shape[-1] > 1:
        return torch.nn.functional.cross_entropy(said.flatten(0, 1), target.repeat_interleave(K))
    return torch.nn.functional.mse_loss(said.squeeze(-1), target[:, None].expand(-1, K))


@torch.no_grad()
def _answer(network: TabM, numbers: torch.Tensor, codes: torch.Tensor) -> np.ndarray:
    network.eval()
    said = network(numbers, codes)
    return (said.softmax(-1).mean(1) if said.shape[-1] > 1 else said.squeeze(-1).mean(1)).numpy()
