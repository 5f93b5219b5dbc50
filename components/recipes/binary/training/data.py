"""Prepared tables as tensors on the device."""

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
from components.training.slices import SliceLoader

TARGET = "target"


@dataclass(frozen=True)
class Rows:
    """Encoded rows: `encoded.numeric (N, F)`, `encoded.categorical (N, C)`, `target (N,)` of 0 and 1."""

    encoded: Encoded
    target: np.ndarray

    def tensors(self) -> tuple[Tensor, Tensor, Tensor]:
        return (
            torch.from_numpy(self.encoded.numeric),
            torch.from_numpy(self.encoded.categorical),
            torch.from_numpy(self.target.astype(np.float32)),
        )


class TableData(LightningDataModule):
    """Training and validation rows of a prepared table."""

    def __init__(self, prepared: Path, params: FitParams) -> None:
        super().__init__()
        self.prepared = prepared
        self.params = params
        self.encoder = TableEncoder.from_json(Meta.read(prepared).data["encoder"])

    @cached_property
    def parts(self) -> tuple[Rows, Rows]:
        """The training rows and the validation rows."""
        return read_rows(self.prepared, self.encoder, TRAIN), read_rows(self.prepared, self.encoder, VALIDATION)

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


def read_rows(prepared: Path, encoder: TableEncoder, split: str) -> Rows:
    frame = pd.read_parquet(prepared / PREPARED_FILES[split])
    return Rows(encoder.encode(frame), frame[TARGET].to_numpy(np.int8))
