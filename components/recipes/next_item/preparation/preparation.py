"""Raw events to training, validation and test events, and all that their readers need to know of them."""

import logging
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from components.core.errors import CasebookError
from components.core.files import whole_folder, write_json
from components.core.forgotten import FORGOTTEN
from components.core.job import PREPARED_FILES, TRAIN, Meta, read_origin
from components.core.told import TOLD, warned_of
from components.recipes.next_item.encoding.spec import ITEMS, USERS
from components.recipes.next_item.params.interactions import InteractionsParams, TimeSplit
from components.recipes.next_item.params.params import NextItemJob
from components.recipes.next_item.preparation.core import (
    END_OF_TIME,
    drop_repeats,
    keep_core,
    keep_few,
    number_ids,
    time_cuts,
)
from components.recipes.next_item.preparation.database import one, open_database, run
from components.recipes.next_item.preparation.features import write_side
from components.recipes.next_item.preparation.ids import say_padded
from components.recipes.next_item.preparation.repeats import (
    Repeated,
    check_repeats,
    count_repeated,
    merge_clicks,
    rule,
)
from components.recipes.next_item.preparation.schema import load_cells, open_events, read_events
from components.recipes.next_item.preparation.split import ORDER, by_time, leave_one_out
from components.recipes.next_item.preparation.ties import write_ties
from components.recipes.next_item.preparation.trainable import Refusal, check_trainable
from components.recipes.next_item.preparation.write import EVENTS, row_groups

log = logging.getLogger(__name__)

BATCH = 1 << 18
SMOKE_USERS, SMOKE_ITEMS, SMOKE_EVENTS = 200, 400, 100  # at most so many, and of a user, in what --smoke prepares
SORTED = """
select event, users.place as user, items.place as item, floor(moment / 1000000)::bigint as time, rating, moment
from events join users on events.user = users.code join items on events.item = items.code
order by users.place, moment, event
"""
TRAINED = """
create temp table trained_users as select user as place, count(*) as events from read_parquet($train) group by all;
create temp table trained_items as select item as place, count(*) as events from read_parquet($train) group by all;
alter table users add column trained bigint default 0;
alter table items add column trained bigint default 0;
update users set trained = trained_users.events from trained_users where users.place = trained_users.place;
update items set trained = trained_items.events from trained_items where items.place = trained_items.place
"""


def prepare(job: NextItemJob, refuse: Refusal = check_trainable) -> Meta:
    """Check the raw events, filter, number, sort and split them, and write the prepared folder whole.

    It gets `train.parquet`, `val.parquet` and `test.parquet` (event, the row's number in the
    file from 1; user and item, rows of the next two; time, seconds since 1970; rating; sorted by
    user and time, ties in file order), `users.parquet` and `items.parquet` (id, features' codes,
    for items title and count in train), `rejected.parquet` (event, reason and the cells as text)
    `ties.parquet` (of whom the test asks one of several events at one moment), `told.json` (what was warned of) and
    `meta.json`. Events are never held in memory as a whole: DuckDB sorts and joins on disk.

    Raises:
        CasebookError: the params, a file, its columns or too many of its rows are wrong, or no
            user is left, or nothing could be learned from the training events, which `refuse` looks at.
    """
    with warned_of(job.paths.raw(job.case)) as notes:
        return _prepare(job, refuse, notes)


def _prepare(job: NextItemJob, refuse: Refusal, notes: list[str]) -> Meta:
    spec, raw = job.prepare, job.paths.raw(job.case)
    source = read_origin(raw)
    with (
        whole_folder(job.paths.prepared(job.case)) as folder,
        open_database(folder, spec.memory_limit, spec.threads) as connection,
    ):
        file = open_events(connection, raw, spec)
        spec = load_cells(connection, file, spec)
        rejected = read_events(connection, file, spec)
        if job.smoke:
            keep_few(connection, users=SMOKE_USERS, items=SMOKE_ITEMS, newest=SMOKE_EVENTS)
        for role in ("user", "item"):
            say_padded(connection, raw / spec.file, "typed", getattr(spec.columns, role), role)
        number_ids(connection)
        dropped = drop_repeats(connection) if spec.duplicates == "drop" else {}
        rejected |= dropped | merge_clicks(connection, spec.merge_within, dropped)
        cuts = time_cuts(connection, spec.split) if isinstance(spec.split, TimeSplit) else None
        rejected |= keep_core(connection, spec, cuts[0] if cuts else END_OF_TIME)
        rows = _write_splits(connection, folder, cuts)
        refuse(connection, folder / PREPARED_FILES[TRAIN], spec)
        write_ties(connection, folder, cuts)
        repeated = count_repeated(connection, folder)
        check_repeats(repeated, spec)
        data = _describe(connection, folder, raw, spec, repeated)
        rows["rejected"] = _write_rejected(connection, folder)
        meta = Meta(job.case, rows, rejected, source, data)
        meta.write(folder)
        write_json(folder / TOLD, {"notes": notes})
    log.info(
        "%s: %s; %d users, %d items",
        job.case,
        ", ".join(f"{k} {v}" for k, v in rows.items()),
        data["users"],
        data["items"],
    )
    for reason, count in rejected.items():
        log.info("%s: set aside %d event(s): %s", job.case, count, reason)
    return meta


def _write_splits(connection: duckdb.DuckDBPyConnection, folder: Path, cuts: tuple[int, int] | None) -> dict[str, int]:
    """One pass over the sorted events; the rows of each split."""
    events = connection.execute("select events from users order by place").fetchnumpy()["events"]
    ends = np.cumsum(events)
    before = 0
    with ExitStack() as stack:
        writers = [stack.enter_context(row_groups(folder / PREPARED_FILES[name], EVENTS)) for name in ORDER]
        for batch in connection.sql(SORTED).to_arrow_reader(BATCH):
            rows = np.arange(before, before + len(batch))
            users, moments = batch["user"].to_numpy(), batch["moment"].to_numpy()
            places = by_time(moments, cuts) if cuts else leave_one_out(rows, users, ends)
            table = pa.table([batch[name] for name in EVENTS.names], schema=EVENTS)
            for place, writer in enumerate(writers):
                writer.add(table.filter(pa.array(places == place)))
            before += len(batch)
    written = {name: writer.written for name, writer in zip(ORDER, writers, strict=True)}
    if empty := [name for name in ORDER if written[name] == 0]:
        raise CasebookError(
            f"prepare.split leaves {' and '.join(empty)} without events once prepare.k_core has set small users and "
            "items aside; larger shares, or a smaller core"
        )
    return written


def _describe(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    raw: Path,
    spec: InteractionsParams,
    repeated: Mapping[str, Repeated],
) -> dict[str, Any]:
    """Write users and items; `Meta.data`. What is fitted here sees the training events alone."""
    train = str(folder / PREPARED_FILES[TRAIN])
    run(connection, TRAINED, train=train)
    user_features = write_side(connection, "users", spec.users, raw, spec, folder / USERS)
    item_features = write_side(connection, "items", spec.items, raw, spec, folder / ITEMS)
    first, last = one(connection, "select min(time), max(time) from read_parquet(?)", train)
    return {
        "key": ["event"],
        "columns": spec.columns.model_dump(mode="json"),
        "users": one(connection, "select count(*) from users")[0],
        "items": one(connection, "select count(*) from items")[0],
        "first_time": first,
        "last_time": last,
        "rating_edges": rating_edges(connection, train, spec.rating_bands),
        **rating_range(connection, train),
        "user_features": [feature.to_json() for feature in user_features],
        "item_features": [feature.to_json() for feature in item_features],
        "protocol": protocol(spec, repeated),
        "split": spec.split.model_dump(mode="json"),
        "spec": spec.model_dump(mode="json", exclude={"memory_limit", "threads", FORGOTTEN, *spec.unanswered}),
    }


def rating_edges(connection: duckdb.DuckDBPyConnection, train: str, bands: int) -> list[float]:
    """Edges so that code = 1 + searchsorted(edges, rating, side="right"): a code for each value, or quantiles."""
    query = "select distinct rating from read_parquet(?) where rating is not null order by rating limit ?"
    values = [value for (value,) in connection.execute(query, [train, bands + 1]).fetchall()]
    if len(values) <= bands:
        return values[1:]
    (rows,) = one(connection, "select count(rating) from read_parquet(?)", train)
    assert isinstance(rows, int)
    places = [rows * band // bands for band in range(1, bands)]
    query = (
        "select distinct rating from (select rating, row_number() over (order by rating) - 1 as place "
        "from read_parquet(?) where rating is not null) where place in (from unnest(?::bigint[])) order by rating"
    )
    edges = [value for (value,) in connection.execute(query, [train, places]).fetchall()]
    return [edge for edge in edges if edge > values[0]]


def rating_range(connection: duckdb.DuckDBPyConnection, train: str) -> dict[str, list[float]]:
    """The lowest and the highest one; nothing where there are none."""
    low, high = one(connection, "select min(rating), max(rating) from read_parquet(?)", train)
    return {"rating_range": [low, high]} if isinstance(low, float) and isinstance(high, float) else {}


def protocol(spec: InteractionsParams, repeated: Mapping[str, Repeated]) -> str:
    """How events were split and how a rank is to be taken: it stands beside every number."""
    if isinstance(spec.split, TimeSplit):
        parts = (
            f"global time: the newest {spec.split.test:.0%} of events are the test, {spec.split.validation:.0%} before "
            "them the validation; a user is asked their first event there"
        )
    else:
        parts = "leave-one-out: each user's last event is the test, the last but one the validation"
    return (
        f"{parts}; ties in time in file order; k-core {spec.least_user_events} (users), {spec.k_core.item} (items); "
        f"{rule(spec, repeated)}; rank = 1 + greater + equal"
    )


def _write_rejected(connection: duckdb.DuckDBPyConnection, folder: Path) -> int:
    names = ("reason", "user", "item", "time", "rating")
    schema = pa.schema({"event": pa.int64(), **dict.fromkeys(names, pa.string())})
    with row_groups(folder / "rejected.parquet", schema) as groups:
        for batch in connection.sql("from rejected order by event").to_arrow_reader(BATCH):
            groups.add(pa.Table.from_batches([batch]).cast(schema))
    return groups.written
