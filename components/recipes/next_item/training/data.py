"""Batches of users' histories, cut from flat arrays that live on the device: no per-row Python."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from lightning.pytorch import LightningDataModule, Trainer
from torch import Tensor

from components.core.errors import CasebookError
from components.core.job import TRAIN, VALIDATION, Meta
from components.core.params.case import FitParams
from components.core.seeds import derived_seed
from components.recipes.next_item.encoding.catalogue import Catalogue, read_catalogue
from components.recipes.next_item.encoding.histories import Histories, questions, read_histories
from components.recipes.next_item.encoding.repeats import recommends_seen
from components.recipes.next_item.encoding.tokens import RATING, Tokenizer
from components.recipes.next_item.encoding.windows import cut_windows, find_ties
from components.recipes.next_item.params.tokens import TokenParams
from components.training.slices import SliceLoader

BUCKET = 16  # batches whose windows are sorted by length together


class Batch(NamedTuple):
    """B left-padded windows of histories, whose last A columns each ask for the n next items.

    `item, times, valid (B, L)`, `features (B, L, F)` and `user (B, U)` are as the network reads
    them, items 0 on padding; `target (B, A, n)` is what the next items are, anything on padding.
    `met_row, met_item, met_column (H,)` tell which items the users met no later than at which
    column; events before the window stand at its first.
    """

    item: Tensor
    features: Tensor
    times: Tensor
    user: Tensor
    valid: Tensor
    target: Tensor
    met_row: Tensor
    met_item: Tensor
    met_column: Tensor


class SequenceData(LightningDataModule):
    """Windows of `window` events and their next `next_items`.

    `whole` trains on the validation events too, for a model that is served; there is nothing held
    out then, and no validation. Otherwise each asked user's history is the training events and the
    target the validation one.
    """

    def __init__(
        self,
        prepared: Path,
        params: FitParams,
        tokens: TokenParams,
        *,
        window: int,
        next_items: int,
        whole: bool = False,
    ) -> None:
        super().__init__()
        self.prepared = prepared
        self.params = params
        self.window = window
        self.next_items = next_items
        self.whole = whole
        self.meta = Meta.read(prepared)
        self.tokenizer = Tokenizer.of(tokens, self.meta.data)

    @cached_property
    def catalogue(self) -> Catalogue:
        return read_catalogue(self.prepared)

    @cached_property
    def histories(self) -> Histories:
        return read_histories(self.prepared, [TRAIN, VALIDATION] if self.whole else [TRAIN])

    def train_dataloader(self) -> "WindowLoader":
        return WindowLoader(self._flat, self.window, self.next_items, self.params, self._trainer)

    def val_dataloader(self) -> "list[object] | QuestionLoader":
        if self.whole:
            return []
        users, items = questions(self.prepared, VALIDATION)
        return QuestionLoader(self._flat, self.window, users, items, self.params, self._trainer)

    @property
    def _trainer(self) -> Trainer:
        assert self.trainer is not None, "Lightning attaches the trainer before it asks for batches"
        return self.trainer

    @cached_property
    def _flat(self) -> "Flat":
        device = self._trainer.strategy.root_device
        flat = Flat.of(self.histories, self.catalogue.user_codes, self.tokenizer, device)
        return replace(flat, repeats=recommends_seen(self.meta.data))


@dataclass(frozen=True)
class Flat:
    """Histories as tensors of a row an event; `user (U, Fu)`. Those of user u are at `bounds[u]:bounds[u + 1]`.

    `bounds (U + 1,)` stays with the host, where batches are planned, and `ties`, as `find_ties` finds them, too.
    `rating` is the column of `features` that goes with the item and not with its place, if there is one. Where
    `repeats` are recommended, items that were met are candidates like any others, and none is told.
    """

    item: Tensor
    time: Tensor
    features: Tensor
    user: Tensor
    bounds: np.ndarray
    ties: tuple[np.ndarray, np.ndarray]
    rating: int | None
    repeats: bool = False

    @classmethod
    def of(cls, histories: Histories, user_codes: np.ndarray, tokenizer: Tokenizer, device: torch.device) -> "Flat":
        arrays = (histories.item, histories.time, tokenizer.features(histories), user_codes)
        item, time, features, user = (torch.tensor(array, device=device) for array in arrays)
        names = list(tokenizer.sizes)
        rating = names.index(RATING) if RATING in names else None
        return cls(item, time, features, user, histories.start, find_ties(histories), rating)

    def with_ties_shuffled(self, generator: np.random.Generator) -> "Flat":
        """Another order of each user's events of one second: their order in the data says little."""
        events, second = self.ties
        drawn = events[np.argsort(second + generator.random(len(events)))]
        place, source = (torch.from_numpy(rows).to(self.item.device) for rows in (events, drawn))
        item, features = self.item.clone(), self.features
        item[place] = self.item[source]
        if self.rating is not None:
            features = features.clone()
            features[place, self.rating] = self.features[source, self.rating]
        return replace(self, item=item, features=features)

    def batch(self, users: np.ndarray, begin: np.ndarray, end: np.ndarray, target: Tensor | None, steps: int) -> Batch:
        """The windows of events `begin` to `end` (B,), asked for `target`.

        None asks every event for the `steps` after it; past a user's last event that one is asked again.
        """
        first, stop, starts, stops = (
            torch.from_numpy(rows).to(self.item.device)
            for rows in (begin, end, self.bounds[users], self.bounds[users + 1])
        )
        longest = int((end - begin).max())
        column = torch.arange(longest, device=self.item.device)
        offset = column - (longest - (stop - first))[:, None]
        valid = offset >= 0
        index = first[:, None] + offset.clamp(min=0)
        if target is None:
            step = torch.arange(1, steps + 1, device=self.item.device)
            target = self.item[torch.minimum(index[..., None] + step, stops[:, None, None] - 1)]
        total = int((end - self.bounds[users]).sum())
        if self.repeats:
            starts, total = stop, 0
        met_row, met_item, met_column = self._met(starts, first, stop, longest, total)
        return Batch(
            item=self.item[index].long() * valid,
            features=self.features[index].long() * valid[..., None],
            times=(self.time[index] - self.time[first][:, None]).float() * valid,
            user=self.user[torch.from_numpy(users).to(self.item.device)].long(),
            valid=valid,
            target=target.long(),
            met_row=met_row,
            met_item=met_item,
            met_column=met_column,
        )

    def _met(self, starts: Tensor, first: Tensor, stop: Tensor, longest: int, total: int) -> tuple[Tensor, ...]:
        """Row, item and column of the `total` events of each user up to the end of the window."""
        counts = stop - starts
        row = torch.repeat_interleave(counts, output_size=total)
        event = torch.arange(total, device=row.device) + (starts - counts.cumsum(0) + counts)[row]
        column = event - stop[row] + longest
        return row, self.item[event].long(), torch.maximum(column, (longest - (stop - first))[row])


class WindowLoader(SliceLoader):
    """All events of every user in windows that begin elsewhere in each epoch, in an order given by (seed, epoch).

    An epoch has as many batches as any other, so windows are dealt out as evenly as they can be.
    With several processes each takes every n-th batch.
    """

    def __init__(self, flat: Flat, window: int, next_items: int, params: FitParams, trainer: Trainer) -> None:
        super().__init__((), batch_size=params.batch_size, seed=params.seed, shuffle=True, trainer=trainer)
        self.flat = flat
        self.window = window
        self.next_items = next_items
        asked = np.maximum(np.diff(flat.bounds) - 1, 0)  # the last event has no next one
        users, world = int((asked > 0).sum()), trainer.world_size
        if users < world:
            raise CasebookError(
                f"{users} user(s) have two training events or more, which {world} process(es) cannot share; "
                "lower fit.devices, or look at cases.<case>.prepare.k_core and split"
            )
        windows = np.where(asked > window, 1 + asked / window, asked > 0).sum()
        # As many as are expected; yet each user has a window at least, so that none of these is empty.
        self.batches = max(1, min(round(windows / params.batch_size), users // world)) * world

    def __len__(self) -> int:
        return self.batches // self.trainer.world_size

    def __iter__(self) -> Iterator[Batch]:
        # The epoch is read from the trainer: a hook would be skipped on resuming in mid-epoch.
        generator = np.random.default_rng(derived_seed(self.seed, self.trainer.current_epoch))
        flat = self.flat.with_ties_shuffled(generator)
        parts = self._parts(generator)
        mine = parts[self.trainer.global_rank :: self.trainer.world_size]
        start, self._skip = self._skip, 0
        for index in range(start, len(self)):
            self.position = index + 1
            users, begin, end = mine[index]
            yield flat.batch(users, begin, end, None, self.next_items)

    def _parts(self, generator: np.random.Generator) -> list[tuple[np.ndarray, ...]]:
        """User, begin and end of the windows of each batch; those of a batch are of about one length."""
        users, begin, end = cut_windows(self.flat.bounds, self.window, generator)
        order = generator.permutation(len(users))
        bounds = np.linspace(0, len(users), self.batches + 1).astype(np.int64)
        bucket = np.repeat(np.arange(self.batches) // BUCKET, np.diff(bounds))
        order = order[np.lexsort([(end - begin)[order], bucket])]
        shuffled = generator.permutation(self.batches)
        rows = [order[bounds[part] : bounds[part + 1]] for part in shuffled]
        return [(users[row], begin[row], end[row]) for row in rows]


class QuestionLoader(SliceLoader):
    """The last events of each asked user, and the one item that came next; longest histories first."""

    def __init__(
        self, flat: Flat, window: int, users: np.ndarray, items: np.ndarray, params: FitParams, trainer: Trainer
    ) -> None:
        lengths = np.diff(flat.bounds)[users]
        kept = np.flatnonzero(lengths > 0)  # of who has no history nothing can be asked
        if not len(kept):
            raise CasebookError(
                f"none of the {len(users)} user(s) of the validation split has a training event, so that nothing "
                "can be asked; look at cases.<case>.prepare.split"
            )
        order = kept[np.argsort(-lengths[kept], kind="stable")]
        rows = (torch.from_numpy(users[order]), torch.from_numpy(items[order]))
        super().__init__(rows, batch_size=4 * params.batch_size, seed=params.seed, shuffle=False, trainer=trainer)
        self.flat = flat
        self.window = window

    def __iter__(self) -> Iterator[Batch]:
        bounds = self.flat.bounds
        for users, items in super().__iter__():
            asked = users.cpu().numpy()
            end = bounds[asked + 1]
            begin = np.maximum(end - self.window, bounds[asked])
            yield self.flat.batch(asked, begin, end, items[:, None, None], 1)
