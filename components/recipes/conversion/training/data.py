"""Batches of clauses of about one length, cut from flat arrays that live on the device: no per-row Python."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import torch
from lightning.pytorch import LightningDataModule, Trainer
from torch import Tensor

from components.core.errors import CasebookError
from components.core.job import PREPARED_FILES, TRAIN, VALIDATION, Meta
from components.core.params.case import FitParams
from components.core.seeds import derived_seed
from components.recipes.conversion.encoding.spec import LEXICON
from components.recipes.conversion.encoding.windows import Windows
from components.recipes.conversion.params.windows import WindowParams
from components.training.slices import SliceLoader

BUCKET = 32  # batches whose clauses are sorted by length together
ILLEGAL = -1  # the target where a character is none of its syllable's candidates, and on padding
CHARACTERS = 1 << 21  # more than there are code points


class Batch(NamedTuple):
    """B right-padded clauses: `syllables (B, L)` from 1, 0 on padding, `windows (B, L, W)` ids of the n-grams around
    them, and `target (B, L)`: which of the syllable's candidates is the character, `ILLEGAL` where none is.
    """

    syllables: Tensor
    windows: Tensor
    target: Tensor


@dataclass(frozen=True)
class Clauses:
    """S clauses laid end to end: `syllable, target (N,)` as in `Batch`, those of clause s at
    `start[s]:start[s + 1]`, `start (S + 1,)`.
    """

    syllable: np.ndarray
    target: np.ndarray
    start: np.ndarray

    def followed_by(self, other: "Clauses") -> "Clauses":
        return Clauses(
            np.concatenate([self.syllable, other.syllable]),
            np.concatenate([self.target, other.target]),
            np.concatenate([self.start, self.start[-1] + other.start[1:]]),
        )


class SyllableData(LightningDataModule):
    """Clauses with their characters; `fit.batch_size` counts syllables.

    With `lexicon` the words of a dictionary are trained on, too, each as a clause of which nobody knows
    what stands around it. `whole` trains on the validation clauses too, for a model that is served; there is
    nothing held out then, and no validation.
    """

    def __init__(
        self, prepared: Path, params: FitParams, windows: WindowParams, *, lexicon: bool, whole: bool = False
    ) -> None:
        super().__init__()
        self.prepared = prepared
        self.params = params
        self.window_params = windows
        self.lexicon = lexicon
        self.whole = whole
        self.meta = Meta.read(prepared)

    @cached_property
    def clauses(self) -> Clauses:
        """What is trained on."""
        return self._text.followed_by(self._words) if self.lexicon else self._text

    @cached_property
    def windows(self) -> Windows:
        windows = Windows.fit(self._text.syllable, self._text.start, self.window_params)
        return windows.with_pairs_of(self._words.syllable, self._words.start) if self.lexicon else windows

    @cached_property
    def window_ids(self) -> np.ndarray:
        """`(N, W) int32`, of what is trained on."""
        of_text = self.windows.ids(self._text.syllable, self._text.start)
        if not self.lexicon:
            return of_text
        return np.concatenate([of_text, self.windows.ids(self._words.syllable, self._words.start, edges=False)])

    @cached_property
    def _text(self) -> Clauses:
        splits = [TRAIN, VALIDATION] if self.whole else [TRAIN]
        return read_clauses([self.prepared / PREPARED_FILES[split] for split in splits], self.meta.data)

    @cached_property
    def _words(self) -> Clauses:
        return read_clauses([self.prepared / LEXICON], self.meta.data)

    def train_dataloader(self) -> "ClauseLoader":
        return ClauseLoader(self.clauses, self.window_ids, self.params, self._trainer, shuffle=True)

    def val_dataloader(self) -> "list[object] | ClauseLoader":
        if self.whole:
            return []
        held_out = read_clauses([self.prepared / PREPARED_FILES[VALIDATION]], self.meta.data)
        ids = self.windows.ids(held_out.syllable, held_out.start)
        return ClauseLoader(held_out, ids, self.params, self._trainer, shuffle=False)

    @property
    def _trainer(self) -> Trainer:
        assert self.trainer is not None, "Lightning attaches the trainer before it asks for batches"
        return self.trainer


class ClauseLoader(SliceLoader):
    """Every clause once an epoch, in an order given by (seed, epoch) or, without `shuffle`, by length.

    A batch has about `batch_size` syllables, padding not counted, and an epoch as many batches as any
    other. With several processes each takes every n-th batch.
    """

    def __init__(
        self, clauses: Clauses, window_ids: np.ndarray, params: FitParams, trainer: Trainer, *, shuffle: bool
    ) -> None:
        super().__init__((), batch_size=params.batch_size, seed=params.seed, shuffle=shuffle, trainer=trainer)
        self.start, self.lengths = clauses.start, np.diff(clauses.start)
        total, longest, world = int(clauses.start[-1]), int(self.lengths.max()), trainer.world_size
        if total < longest * world:
            raise CasebookError(
                f"{len(self.lengths)} clause(s) of {total} syllables cannot be shared by {world} process(es); "
                "lower fit.devices, or look at cases.<case>.prepare.split"
            )
        # No batch is shorter than the longest clause, so that in any order each holds a clause's beginning.
        self.batches = max(1, min(round(total / params.batch_size), total // (longest * world))) * world
        device = trainer.strategy.root_device
        arrays = (clauses.syllable, window_ids, clauses.target)
        self.flat = tuple(torch.from_numpy(array).to(device) for array in arrays)

    def __len__(self) -> int:
        return self.batches // self.trainer.world_size

    def __iter__(self) -> Iterator[Batch]:
        mine = self._parts()[self.trainer.global_rank :: self.trainer.world_size]
        start, self._skip = self._skip, 0
        for index in range(start, len(self)):
            self.position = index + 1
            yield self._batch(mine[index])

    def _parts(self) -> list[np.ndarray]:
        """The clauses of each batch; those of a batch are of about one length."""
        if not self.shuffle:
            return self._cut(np.argsort(self.lengths, kind="stable"))
        # The epoch is read from the trainer: a hook would be skipped on resuming in mid-epoch.
        generator = np.random.default_rng(derived_seed(self.seed, self.trainer.current_epoch))
        order = generator.permutation(len(self.lengths))
        bucket = np.arange(len(order)) * self.batches // (len(order) * BUCKET)
        parts = self._cut(order[np.lexsort([self.lengths[order], bucket])])
        return [parts[place] for place in generator.permutation(len(parts))]

    def _cut(self, order: np.ndarray) -> list[np.ndarray]:
        """As many parts as there are batches, of about as many syllables."""
        lengths = self.lengths[order]
        begin = np.cumsum(lengths) - lengths
        return np.split(order, np.flatnonzero(np.diff(begin * self.batches // int(lengths.sum()))) + 1)

    def _batch(self, clauses: np.ndarray) -> Batch:
        syllable, window_ids, target = self.flat
        first, lengths = (
            torch.from_numpy(rows[clauses]).to(syllable.device)[:, None] for rows in (self.start[:-1], self.lengths)
        )
        offset = torch.arange(int(self.lengths[clauses].max()), device=syllable.device)
        valid = offset < lengths
        index = first + torch.minimum(offset, lengths - 1)
        return Batch(
            syllables=syllable[index].long() * valid,
            windows=window_ids[index].long() * valid[..., None],
            target=target[index].long().masked_fill(~valid, ILLEGAL),
        )


def read_clauses(files: Sequence[Path], data: Mapping[str, Any]) -> Clauses:
    """The clauses of some files of a prepared folder, whose `meta.data` is given.

    Raises:
        CasebookError: a file is missing, or a clause has another number of syllables than of characters, or one
            that is not legal.
    """
    if missing := [file for file in files if not file.is_file()]:
        raise CasebookError(f"{missing[0]}: not found; prepare the case again")
    table = pa.concat_tables(pq.read_table(file, columns=["text", "syllables"]) for file in files).combine_chunks()
    split = pc.split_pattern(table["syllables"], " ").combine_chunks()
    start = split.offsets.to_numpy().astype(np.int64)
    syllable = pc.index_in(split.values, value_set=pa.array(data["syllables"])).fill_null(-1).to_numpy() + 1
    characters = np.frombuffer("".join(table["text"].to_pylist()).encode("utf-32-le"), np.uint32).astype(np.int64)
    lengths = pc.utf8_length(table["text"]).to_numpy()
    wrong = np.flatnonzero(np.diff(start) != lengths)
    if len(wrong) or not syllable.all():
        row = int(wrong[0] if len(wrong) else np.searchsorted(start, np.argmin(syllable), side="right") - 1)
        shown = f"{table['text'][row]} with {table['syllables'][row]}"
        raise CasebookError(
            f"{files[0].parent}: a clause, such as {shown!r}, has not one legal syllable for each character; "
            "prepare the case again"
        )
    return Clauses(syllable.astype(np.int16), _targets(syllable, characters, data), start)


def _targets(syllable: np.ndarray, characters: np.ndarray, data: Mapping[str, Any]) -> np.ndarray:
    """`(N,) int16`: the place of each character among the candidates of its syllable."""
    legal = [data["pairs"][one] for one in data["syllables"]]
    number = np.repeat(1 + np.arange(len(legal)), [len(one) for one in legal])
    points = np.frombuffer("".join(legal).encode("utf-32-le"), np.uint32)
    place = np.concatenate([np.arange(len(one)) for one in legal])
    keys = number * CHARACTERS + points
    order = np.argsort(keys)
    asked = syllable * CHARACTERS + characters
    found = np.minimum(np.searchsorted(keys, asked, sorter=order), len(keys) - 1)
    return np.where(keys[order[found]] == asked, place[order[found]], ILLEGAL).astype(np.int16)
