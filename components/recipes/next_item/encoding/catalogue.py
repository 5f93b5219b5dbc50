"""The users and items of a prepared folder or a bundle: their ids, titles, counts and features."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from components.core.job import Meta
from components.recipes.next_item.encoding.ids import id_texts, places_of
from components.recipes.next_item.encoding.spec import ITEMS, USERS, Feature

if TYPE_CHECKING:  # who answers a request loads no pandas
    import pandas as pd


@dataclass(frozen=True)
class Catalogue:
    """U users and M items by index.

    `item_ids` (M,), `titles` (M,) and `user_ids` (U,) are strings, an empty title where there is
    none; `counts` (M,) int64 are the events of each item in train. `user_codes` (U, Fu) int32 has
    a column for each of `user_features`; of `item_features`, `item_codes` (M,) int32 has the
    single-valued ones by name and `item_sets` (M, size) float32 the sets, 1 where a label holds,
    column 0 where none does.
    """

    item_ids: np.ndarray
    titles: np.ndarray
    counts: np.ndarray
    user_ids: np.ndarray
    user_codes: np.ndarray
    item_codes: dict[str, np.ndarray]
    item_sets: dict[str, np.ndarray]
    user_features: list[Feature]
    item_features: list[Feature]

    def item_index(self, ids: "Sequence[Any] | np.ndarray | pd.Series") -> np.ndarray:
        """Rows (N,) int64 of ids as anyone writes them, -1 for those not in the catalogue."""
        return _find(self._items, ids)

    def user_index(self, ids: "Sequence[Any] | np.ndarray | pd.Series") -> np.ndarray:
        return _find(self._users, ids)

    @cached_property
    def _items(self) -> dict[str, int]:
        return places_of(self.item_ids)

    @cached_property
    def _users(self) -> dict[str, int]:
        return places_of(self.user_ids)


def read_catalogue(folder: Path) -> Catalogue:
    """Of a prepared folder."""
    return make_catalogue(pq.read_table(folder / USERS), pq.read_table(folder / ITEMS), Meta.read(folder).data)


def make_catalogue(users: pa.Table, items: pa.Table, data: Mapping[str, Any]) -> Catalogue:
    """From the two tables and `Meta.data`, wherever they are kept."""
    user_features = [Feature.from_json(feature) for feature in data["user_features"]]
    item_features = [Feature.from_json(feature) for feature in data["item_features"]]
    codes = [users[feature.name].to_numpy().astype(np.int32) for feature in user_features]
    return Catalogue(
        item_ids=_strings(items["id"]),
        titles=_strings(items["title"]),
        counts=items["count"].to_numpy().copy(),  # Arrow's own is read only, which torch does not take
        user_ids=_strings(users["id"]),
        user_codes=np.stack(codes, axis=1) if codes else np.zeros((len(users), 0), np.int32),
        item_codes={each.name: items[each.name].to_numpy() for each in item_features if each.kind != "set"},
        item_sets={each.name: multi_hot(items[each.name], each.size) for each in item_features if each.kind == "set"},
        user_features=user_features,
        item_features=item_features,
    )


def multi_hot(lists: pa.ChunkedArray, size: int) -> np.ndarray:
    """Lists (N,) of codes to (N, size) float32; an empty list has its 1 in column 0."""
    values: np.ndarray = np.zeros((len(lists), size), np.float32)
    lengths = lists.combine_chunks().value_lengths().to_numpy()
    values[np.repeat(np.arange(len(lists)), lengths), lists.combine_chunks().flatten().to_numpy()] = 1
    values[lengths == 0, 0] = 1
    return values


def _find(places: Mapping[str, int], ids: "Sequence[Any] | np.ndarray | pd.Series") -> np.ndarray:
    cells = list(ids)
    found = np.fromiter((places.get(each, -1) if isinstance(each, str) else -1 for each in cells), np.int64, len(cells))
    missed = np.flatnonzero(found < 0)  # most ids come in their normal form
    if len(missed):
        found[missed] = [places.get(text, -1) for text in id_texts([cells[place] for place in missed])]
    return found


def _strings(column: pa.ChunkedArray) -> np.ndarray:
    return np.array([text or "" for text in column.to_pylist()], dtype=object)
