"""Events that have come since the release, for the users and items of a bundle: no fit, another folder of histories."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from components.core.blocks import read_block
from components.core.forgotten import FORGOTTEN, digest_of
from components.core.histories import until_of
from components.core.parts import NewEvents
from components.recipes.next_item.encoding.catalogue import Catalogue
from components.recipes.next_item.encoding.repeats import SECOND, first_clicks
from components.recipes.next_item.params.interactions import InteractionsParams
from components.recipes.next_item.params.params import NextItemJob
from components.recipes.next_item.preparation.core import drop_repeats, number_ids
from components.recipes.next_item.preparation.database import open_database
from components.recipes.next_item.preparation.likely import refuse_other_times
from components.recipes.next_item.preparation.schema import fill_raw, open_events, read_events
from components.recipes.next_item.serving.predictor import open_predictor
from components.recipes.next_item.serving.stored import StoredFiles, encoders_of, write_stored

LACKING = """
select place from fresh anti join stored using (user, item, time) order by place
"""


@dataclass(frozen=True)
class Fresh:
    """E events of known items, in the order of their times: `user` (E,) places, those beyond the catalogue of `others`;
    `item` (E,), `time` (E,) in seconds, `rating` (E,). What was left out: events of items that are `unknown`.
    """

    user: np.ndarray
    item: np.ndarray
    time: np.ndarray
    rating: np.ndarray
    others: list[str]
    unknown_events: int
    unknown: list[str]

    def table(self, places: np.ndarray) -> pa.Table:
        columns = {"user": self.user.astype(np.int32), "item": self.item.astype(np.int32), "time": self.time}
        return pa.table({**{name: cells[places] for name, cells in columns.items()}, "rating": self.rating[places]})


def catch_up(job: NextItemJob, bundle: Path, before: Path, source: Path, work: Path) -> NewEvents:
    """Read as the bundle's own events were. What has the user, item and second of an event that is there is known.

    Events of items that the model does not know are left out; users whom it does not know are kept, and are answered
    by what they did with the items that it knows.

    Raises:
        CasebookError: the source cannot be read as `prepare` would, or `before` is damaged.
    """
    predictor, stored = open_predictor(bundle), StoredFiles(before)
    file = source / predictor.data["spec"]["file"] if source.is_dir() else source
    spec = _spec(job, predictor.data, file)
    table, strangers = _without(stored.events(), stored.others(), predictor.catalogue, job.prepare.forgotten)
    with open_database(work, spec.memory_limit, spec.threads) as connection:
        raw = open_events(connection, file.parent, spec)
        fill_raw(connection, raw, spec)  # the unit is the bundle's: of few events it would not be told
        refuse_other_times(connection, file, predictor.data)
        rejected = read_events(connection, raw, spec)
        number_ids(connection)
        if spec.duplicates == "drop":
            drop_repeats(connection)
        fresh = _fresh(connection, predictor.catalogue, strangers)
        lacking = _lacking(connection, table, fresh)
    new = fresh.table(lacking)
    others = [*strangers, *fresh.others]
    whole = pa.concat_tables([table, new.cast(table.schema)])
    # In a second what was there before stays first.
    order = np.lexsort((whole["time"].to_numpy(), whole["user"].to_numpy()))
    whole = clicked_once(whole.take(order), predictor.data)
    return NewEvents(
        added=len(whole) - len(table),
        users=len(np.unique(fresh.user[lacking])),
        known=len(fresh.user) - len(lacking),
        until=until_of(whole["time"].to_numpy()),
        told=list(_told(fresh, rejected)),
        counts={
            "events of unknown items": fresh.unknown_events,
            "unknown items": len(fresh.unknown),
            "unknown users": len(fresh.others),
            "unreadable rows": sum(rejected.values()),
        },
        write=partial(write_stored, events=whole, others=others, encoders=encoders_of(predictor.catalogue)),
    )


def clicked_once(events: pa.Table, data: Mapping[str, Any]) -> pa.Table:
    """Without double clicks, as `prepare` tells these, on what was known before too."""
    if (within := data["spec"].get("merge_within")) is None:
        return events
    user, item, time = (events[name].to_numpy() for name in ("user", "item", "time"))
    return events.filter(pa.array(first_clicks(user, item, time * SECOND, within)))


def _spec(job: NextItemJob, data: Mapping[str, Any], file: Path) -> InteractionsParams:
    """The block by which the bundle's events were read, for another file and within today's limits."""
    today = job.prepare.model_dump(mode="json")
    limits = {name: today[name] for name in ("max_rejected", "memory_limit", "threads", FORGOTTEN)}
    return read_block(InteractionsParams, today | data["spec"] | limits | {"file": file.name}, "prepare")


def _without(
    events: pa.Table, others: list[str], catalogue: Catalogue, forgotten: Sequence[str]
) -> tuple[pa.Table, list[str]]:
    """The stored events and strangers' ids less those of people who are to be forgotten."""
    ids = [*catalogue.user_ids, *others]
    gone = {place for place, text in enumerate(ids) if digest_of([text]) in forgotten} if forgotten else set()
    if not gone:
        return events, others
    stay = np.array([place not in gone for place in range(len(ids))])
    users = len(catalogue.user_ids)
    places = np.arange(len(ids))
    places[users:] = users + np.cumsum(stay[users:]) - 1  # strangers move up
    user = events["user"].to_numpy()
    kept = events.filter(pa.array(stay[user]))
    moved = pa.array(places[kept["user"].to_numpy()].astype(np.int32))
    left = [text for text, stays in zip(others, stay[users:], strict=True) if stays]
    return kept.set_column(0, "user", moved), left


def _fresh(connection: duckdb.DuckDBPyConnection, catalogue: Catalogue, strangers: Sequence[str]) -> Fresh:
    found: Any = connection.sql("select user, item, moment, rating from events order by moment, event").to_arrow_table()
    user, item, moment = (found[name].to_numpy() for name in ("user", "item", "moment"))
    items, users = _keys(connection, "item_ids"), _keys(connection, "user_ids")
    place = catalogue.item_index(items)[item]
    known = place >= 0
    numbers = catalogue.user_index(users)
    others = {text: len(catalogue.user_ids) + at for at, text in enumerate(strangers)}
    seen = np.unique(user[known])
    for code in seen[numbers[seen] < 0]:
        others.setdefault(users[code], len(catalogue.user_ids) + len(others))
    lost = np.flatnonzero(numbers < 0)
    numbers[lost] = [others.get(users[code], -1) for code in lost]
    unknown = np.unique(item[~known])
    return Fresh(
        user=numbers[user[known]],
        item=place[known],
        time=moment[known] // 1_000_000,
        rating=found["rating"].to_numpy()[known],
        others=list(others)[len(strangers) :],
        unknown_events=int((~known).sum()),
        unknown=[items[code] for code in unknown],
    )


def _keys(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    rows = connection.execute(f"select key::varchar from {table} order by code").fetchall()  # noqa: S608 - our own name
    return [text for (text,) in rows]


def _lacking(connection: duckdb.DuckDBPyConnection, table: pa.Table, fresh: Fresh) -> np.ndarray:
    """The places of the fresh events that are not stored."""
    every = np.arange(len(fresh.user))
    connection.register("stored", table.select(["user", "item", "time"]))
    connection.register("fresh", fresh.table(every).append_column("place", pa.array(every)))
    places = connection.execute(LACKING).fetchnumpy()["place"]
    return np.asarray(places, np.int64)


def _told(fresh: Fresh, rejected: Mapping[str, int]) -> Sequence[str]:
    said = [f"{count:,} row(s) are left out: {reason}" for reason, count in rejected.items()]
    if fresh.unknown:
        said.append(
            f"{fresh.unknown_events:,} event(s) of {len(fresh.unknown):,} item(s) that the model does not know, such "
            f"as {fresh.unknown[0][:60]!r}, are left out: `casebook run` learns them"
        )
    if fresh.others:
        said.append(
            f"{len(fresh.others):,} user(s) whom the model does not know, such as {fresh.others[0][:60]!r}: they are "
            "answered by their events of the items that it knows"
        )
    return said
