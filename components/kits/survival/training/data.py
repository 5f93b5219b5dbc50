"""Prepared cohorts as tensors on the device."""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from lightning.pytorch import LightningDataModule
from torch import Tensor

from components.core.job import PREPARED_FILES, TRAIN, VALIDATION, Meta
from components.core.params.case import FitParams
from components.kits.survival.cohort import outcome_of
from components.kits.tables.encoding.encode import Encoded, TableEncoder
from components.training.slices import SliceLoader


@dataclass(frozen=True)
class Patients:
    """Encoded rows and their outcome: `target (N, 2)`, years and event, or (N, 3) with entries, over J intervals.

    `events (N, J)` is 1 where the event came in the interval, `exposure (N, J)` the share of it that
    the patient was observed for. Of K causes they are (N, K, J) and (N, 1, J).
    """

    encoded: Encoded
    target: np.ndarray
    events: np.ndarray
    exposure: np.ndarray

    def tensors(self) -> tuple[Tensor, ...]:
        """`numeric, categorical, target, events, exposure`: a batch of `learners.survival`."""
        floats = (self.target, self.events, self.exposure)
        return (
            torch.from_numpy(self.encoded.numeric),
            torch.from_numpy(self.encoded.categorical),
            *(torch.from_numpy(values.astype(np.float32)) for values in floats),
        )


class CohortData(LightningDataModule):
    """Training and validation rows of a prepared cohort, cut into at most `intervals` with equally many events.

    `whole` trains on the validation rows, too, once nothing is to be chosen on them any more. Events may be of several
    `causes`, numbers from 1 on.
    """

    def __init__(
        self, prepared: Path, params: FitParams, *, intervals: int, whole: bool, causes: int | None = None
    ) -> None:
        super().__init__()
        self.prepared = prepared
        self.params = params
        self.intervals = intervals
        self.causes = causes
        self.splits = (TRAIN, VALIDATION) if whole else (TRAIN,)
        self.encoder = TableEncoder.from_json(Meta.read(prepared).data["encoder"])

    @cached_property
    def edges(self) -> np.ndarray:
        """The upper ends (J,) of the intervals in years: quantiles of the training events, and the last time."""
        return interval_edges(outcome_of(_read(self.prepared, self.splits)), self.intervals)

    @cached_property
    def parts(self) -> tuple[Patients, Patients]:
        """The training rows and the validation rows."""
        return self.rows(self.splits), self.rows((VALIDATION,))

    def rows(self, splits: tuple[str, ...]) -> Patients:
        frame = _read(self.prepared, splits)
        target = outcome_of(frame)
        if self.causes is None:
            return Patients(self.encoder.encode(frame), target, *lived_through(target, self.edges))
        return Patients(self.encoder.encode(frame), target, *lived_by_cause(target, self.edges, self.causes))

    def taught(self, events: np.ndarray, exposure: np.ndarray, *, share: float) -> "CohortData":
        """These rows, the outcome of the training ones to a `share` what a teacher expects."""
        train, held_out = self.parts
        mixed = replace(
            train,
            events=share * events + (1 - share) * train.events,
            exposure=share * exposure + (1 - share) * train.exposure,
        )
        self.parts = (mixed, held_out)
        return self

    def train_dataloader(self) -> SliceLoader:
        return self._loader(self.parts[0], shuffle=True)

    def val_dataloader(self) -> SliceLoader:
        return self._loader(self.parts[1], shuffle=False)

    def _loader(self, rows: Patients, *, shuffle: bool) -> SliceLoader:
        assert self.trainer is not None, "Lightning attaches the trainer before it asks for batches"
        size = self.params.batch_size if shuffle else max(1, len(rows.target))
        return SliceLoader(
            rows.tensors(), batch_size=size, seed=self.params.seed, shuffle=shuffle, trainer=self.trainer
        )


def interval_edges(target: np.ndarray, intervals: int) -> np.ndarray:
    """Upper ends of at most `intervals` intervals that hold equally many events of a target (N, 2)."""
    time, event, *_ = target.T
    inner = np.quantile(time[event > 0], np.arange(1, intervals) / intervals)
    last = np.nextafter(time.max(), np.inf)
    return np.append(np.unique(inner[(inner > 0) & (inner < time.max())]), last)


def lived_through(target: np.ndarray, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Events and exposure `(N, J)` of a target (N, 2) or (N, 3), as `Patients` has them; what comes later comes at the
    end.
    """
    time, event = np.minimum(target[:, 0], edges[-1]), target[:, 1]
    starts = np.concatenate([[0.0], edges[:-1]])
    exposure = np.clip((time[:, None] - starts) / (edges - starts), 0.0, 1.0)
    if target.shape[1] == 3:  # nobody was watched before they entered
        exposure = exposure - np.clip((target[:, 2:] - starts) / (edges - starts), 0.0, 1.0)
    place = np.minimum(np.searchsorted(edges, time, side="left"), len(edges) - 1)
    return np.eye(len(edges))[place] * event[:, None], exposure


def lived_by_cause(target: np.ndarray, edges: np.ndarray, causes: int) -> tuple[np.ndarray, np.ndarray]:
    """The same of a target with causes for events, 0 for none: events `(N, K, J)`, and exposure `(N, 1, J)` to all."""
    ended, exposure = lived_through(np.column_stack([target[:, 0], target[:, 1] > 0, target[:, 2:]]), edges)
    own = target[:, 1, None] == np.arange(1, causes + 1)
    return own[:, :, None] * ended[:, None], exposure[:, None]


def soft_outcome(cumulative: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Expected events and exposure `(N, J)` of patients with cumulative hazards (N, J) at the intervals' ends.

    Survival falls exponentially inside an interval, so that the expected share of it that is lived
    through is the chance of the event in it over the hazard that it adds.
    """
    before = np.concatenate([np.zeros((len(cumulative), 1)), cumulative[:, :-1]], axis=1)
    added = cumulative - before
    lived = np.divide(-np.expm1(-added), added, out=np.ones_like(added), where=added > 0)
    alive = np.exp(-before)
    return alive * -np.expm1(-added), alive * lived


def _read(prepared: Path, splits: tuple[str, ...]) -> pd.DataFrame:
    return pd.concat([pd.read_parquet(prepared / PREPARED_FILES[split]) for split in splits], ignore_index=True)
