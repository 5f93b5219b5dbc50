"""Prepared tables as tensors on the device."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from lightning.pytorch import LightningDataModule
from torch import Tensor

from components.core.job import PREPARED_FILES, TRAIN, VALIDATION, Meta
from components.core.params.case import FitParams
from components.kits.tables.encoding.encode import Encoded, TableEncoder
from components.kits.tables.encoding.spec import TARGET
from components.kits.tables.write import GROUPS
from components.training.slices import SliceLoader


@dataclass(frozen=True)
class Rows:
    """Encoded rows: `encoded.numeric (N, F)`, `encoded.categorical (N, C)`, `target (N,)`, classes by number or a
    number; a teacher's may be (N, ...).
    """

    encoded: Encoded
    target: np.ndarray

    def tensors(self) -> tuple[Tensor, Tensor, Tensor]:
        return (
            torch.from_numpy(self.encoded.numeric),
            torch.from_numpy(self.encoded.categorical),
            torch.from_numpy(self.target.astype(np.float32)),
        )

    def take(self, index: np.ndarray) -> "Rows":
        return Rows(self.encoded.take(index), self.target[index])

    def known(self, encoder: TableEncoder) -> tuple[np.ndarray, np.ndarray, np.ndarray, tuple[int, ...]]:
        """What a baseline is fitted on: numeric and categorical columns, the target, and how many codes there are."""
        return self.encoded.numeric, self.encoded.categorical, self.target, encoder.sizes


class TableData(LightningDataModule):
    """Training and validation rows of a prepared table, targets as `dtype` (N,).

    `whole` trains on the validation rows, too, once nothing is to be chosen on them any more.
    """

    def __init__(self, prepared: Path, params: FitParams, *, dtype: type[np.generic], whole: bool = False) -> None:
        super().__init__()
        self.prepared = prepared
        self.params = params
        self.dtype = dtype
        self.whole = whole
        self.encoder = TableEncoder.from_json(Meta.read(prepared).data["encoder"])

    @cached_property
    def parts(self) -> tuple[Rows, Rows]:
        """The training rows and the validation rows."""
        train, held_out = (
            read_rows(self.prepared, self.encoder, split, dtype=self.dtype) for split in (TRAIN, VALIDATION)
        )
        return (joined((train, held_out)) if self.whole else train), held_out

    def train_dataloader(self) -> SliceLoader:
        return self._loader(self.parts[0], shuffle=True)

    def val_dataloader(self) -> SliceLoader:
        return self._loader(self.parts[1], shuffle=False)

    def _loader(self, rows: Rows, *, shuffle: bool) -> SliceLoader:
        assert self.trainer is not None, "Lightning attaches the trainer before it asks for batches"
        size = self.params.batch_size if shuffle else max(1, len(rows.target))
        return SliceLoader(
            rows.tensors(), batch_size=size, seed=self.params.seed, shuffle=shuffle, trainer=self.trainer
        )


def joined(parts: Sequence[Rows]) -> Rows:
    """The rows of one part after those of the other."""
    encoded = [part.encoded for part in parts]
    return Rows(
        Encoded(
            np.concatenate([part.raw for part in encoded]),
            np.concatenate([part.numeric for part in encoded]),
            np.concatenate([part.categorical for part in encoded]),
            {},  # nobody asks which classes training rows have
        ),
        np.concatenate([part.target for part in parts]),
    )


def read_rows(prepared: Path, encoder: TableEncoder, split: str, *, dtype: type[np.generic]) -> Rows:
    frame = pd.read_parquet(prepared / PREPARED_FILES[split])
    return Rows(encoder.encode(frame), frame[TARGET].to_numpy(dtype))


def read_groups(prepared: Path) -> np.ndarray | None:
    """Which group each training row, then each validation row, belongs to; None where rows stand for themselves."""
    if not (prepared / GROUPS).exists():
        return None
    groups = pd.read_parquet(prepared / GROUPS)
    parts = [groups.loc[groups["split"] == split, "group"] for split in (TRAIN, VALIDATION)]
    return np.concatenate([part.to_numpy() for part in parts])
