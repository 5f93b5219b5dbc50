"""What is known of users: the events that answer who is named without any, in a folder beside the weights."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from components.core.errors import CasebookError
from components.core.files import json_digest
from components.core.forgotten import digest_of
from components.core.histories import Kept, check_whole, read_kept, until_of, write_note
from components.recipes.next_item.encoding.catalogue import Catalogue
from components.recipes.next_item.encoding.histories import COLUMNS, Histories, make_histories, rating_codes

EVENTS, OTHERS = "events.parquet", "others.parquet"


@dataclass(frozen=True)
class Stored:
    """Histories of the catalogue's users, and after them of `others`, whom it does not know: their places by id."""

    histories: Histories
    others: Mapping[str, int]

    def of(self, ids: np.ndarray, users: np.ndarray) -> Histories:
        """Those of the users of some ids (N,), by index `users` (N,), -1 where the catalogue has none; empty of one of
        whom nothing is known.
        """
        places = users.copy()
        strangers = np.flatnonzero(users < 0)
        places[strangers] = [self.others.get(text, -1) for text in ids[strangers]]
        known = self.histories.of(places[places >= 0])
        lengths = np.zeros(len(places), np.int64)
        lengths[places >= 0] = known.lengths
        start = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        return Histories(known.item, known.time, known.rating, start)


class StoredFiles:
    """A folder of histories, checked and open: who reads it later need not find it there any more.

    Raises:
        CasebookError: it holds none, or is damaged.
    """

    def __init__(self, folder: Path) -> None:
        kept = read_kept(folder)
        if kept is None:
            raise CasebookError(f"{folder}: no histories in it; `casebook run CASE` makes them")
        check_whole(folder, kept)
        self.kept: Kept = kept
        self._events, self._others = pq.ParquetFile(folder / EVENTS), pq.ParquetFile(folder / OTHERS)

    def events(self) -> pa.Table:
        return self._events.read()

    def others(self) -> list[str]:
        ids: list[str] = self._others.read()["id"].to_pylist()
        return ids

    def stored(self, users: int, edges: Sequence[float], gone: Collection[str]) -> Stored:
        """For a catalogue of so many users; the digests of `gone` are of people who are strangers from now on."""
        events = self.events()
        user, item, time, rating = (events[name].to_numpy() for name in COLUMNS)
        others = {text: users + place for place, text in enumerate(self.others())}
        codes = rating_codes(rating, edges)
        return Stored(
            make_histories(user, item, time, codes, users + len(others)),
            {text: place for text, place in others.items() if not gone or digest_of([text]) not in gone},
        )


def write_stored(folder: Path, events: pa.Table, others: Sequence[str], encoders: str) -> None:
    """Write events (user, item, time, rating), each user's in order, and the ids of users beyond the catalogue."""
    pq.write_table(events, folder / EVENTS, compression="zstd")
    pq.write_table(pa.table({"id": pa.array(list(others), pa.string())}), folder / OTHERS, compression="zstd")
    people = len(np.unique(events["user"].to_numpy()))
    until = until_of(events["time"].to_numpy())
    write_note(folder, encoders=encoders, until=until, events=len(events), users=people)


def encoders_of(catalogue: Catalogue) -> str:
    """A digest of what events are stored by: the ids of users and items, in their order. A model with the same ones
    reads them as they are meant, whatever its weights.
    """
    return json_digest({"users": catalogue.user_ids.tolist(), "items": catalogue.item_ids.tolist()})
