"""Events that stay: without repeats, and of users and items that have enough of them."""

import duckdb

from components.core.errors import CasebookError
from components.recipes.next_item.params.interactions import InteractionsParams, TimeSplit
from components.recipes.next_item.preparation.database import one, run

# Shorter ids first, then by their characters: plain numbers stand in their own order, as numbers and as texts.
CODED = """
create table user_ids as select (row_number() over (order by length(key::varchar), key::varchar) - 1)::int as code, key
  from (select distinct user as key from typed where breach is null);
create table item_ids as select (row_number() over (order by length(key::varchar), key::varchar) - 1)::int as code, key
  from (select distinct item as key from typed where breach is null);
create table events as select event, user_ids.code as user, item_ids.code as item, moment, rating
  from typed join user_ids on typed.user = user_ids.key join item_ids on typed.item = item_ids.key
  where breach is null;
drop table typed
"""
REPEATED = """
create temp table repeated as
with firsts as (select user, item, moment, min(event) as first from events group by all having count(*) > 1)
select event from events join firsts using (user, item, moment) where event > first;
insert into rejected select event, $reason, user_ids.key::varchar, item_ids.key::varchar,
  make_timestamp(moment)::varchar, rating::varchar
  from events join user_ids on user = user_ids.code join item_ids on item = item_ids.code
  where event in (from repeated);
delete from events where event in (from repeated)
"""
# A user or item that never occurs among the counted events has 0 of them.
SMALL = """
insert into small_{side}s
with counted as (
  select {side} as code, count(*) as events from events
  where moment < $before and user not in (from small_users) and item not in (from small_items) group by all)
select code from {side}_ids left join counted using (code)
where coalesce(events, 0) < $least and code not in (from small_{side}s)
"""
SET_ASIDE = """
insert into rejected
select event, case when user in (from small_users) then $user_reason else $item_reason end,
  user_ids.key::varchar, item_ids.key::varchar, make_timestamp(moment)::varchar, rating::varchar
from events join user_ids on user = user_ids.code join item_ids on item = item_ids.code
where user in (from small_users) or item in (from small_items);
delete from events where user in (from small_users) or item in (from small_items);
create table users as
select (row_number() over (order by code) - 1)::int as place, code, key::varchar as id, events
from user_ids join (select user as code, count(*) as events from events group by all) using (code);
create table items as
select (row_number() over (order by code) - 1)::int as place, code, key::varchar as id
from item_ids where code in (select item from events)
"""
# Those who were there most: of users and items at random hardly any would have met often enough for the core.
FEW = """
delete from typed where breach is null and item not in (
  select item from typed where breach is null group by item order by count(*) desc, item limit $items);
delete from typed where breach is null and user not in (
  select user from typed where breach is null group by user order by count(*) desc, user limit $users);
delete from typed where breach is null and event not in (
  select event from typed where breach is null
  qualify row_number() over (partition by user order by moment desc, event desc) <= $newest)
"""
END_OF_TIME = 2**62


def keep_few(connection: duckdb.DuckDBPyConnection, *, users: int, items: int, newest: int) -> None:
    """Of the valid events in `typed` those of the most popular items, of these those of the most active users, and of
    each user the `newest`.
    """
    run(connection, FEW, users=users, items=items, newest=newest)


def number_ids(connection: duckdb.DuckDBPyConnection) -> None:
    """Turn `typed` into `events` (event, user, item, moment, rating) with codes for ids."""
    connection.execute(CODED)


def drop_repeats(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Set aside events with the user, item and time of an earlier row; their count by reason."""
    reason = "same user, item and time as an earlier row"
    run(connection, REPEATED, reason=reason)
    (count,) = one(connection, "select count(*) from repeated")
    assert isinstance(count, int)
    return {reason: count} if count else {}


def time_cuts(connection: duckdb.DuckDBPyConnection, split: TimeSplit) -> tuple[int, int]:
    """The moments at which validation and test begin; events of one moment stay together.

    Raises:
        CasebookError: so many events share a moment that one part would be empty.
    """
    rows, first = one(connection, "select count(*), min(moment) from events")
    assert isinstance(rows, int)
    shares = (1 - split.validation - split.test, 1 - split.test)
    cuts = [
        one(connection, "select moment from events order by moment limit 1 offset ?", int(rows * share))[0]
        for share in shares
    ]
    validation, test = cuts
    assert isinstance(validation, int)
    assert isinstance(test, int)
    if not first < validation < test:  # type: ignore[operator]
        raise CasebookError(
            f"prepare.split: by time leaves a part without events: of {rows} events so many share a time that train, "
            "validation and test cannot be told apart; larger shares, more events, or split: {by: leave_one_out}"
        )
    return validation, test


def keep_core(connection: duckdb.DuckDBPyConnection, spec: InteractionsParams, before: int) -> dict[str, int]:
    """Set small users and items aside until none is left; make `users` and `items`; counts by reason.

    Only events with a moment under `before` count: those that are learned from where time splits,
    all of them where each user's last events are what is asked. `users` (place, code, id, events),
    `items` (place, code, id): place is the final index.

    Raises:
        CasebookError: nobody is left.
    """
    connection.execute("create table small_users (code int); create table small_items (code int)")
    least = {"user": spec.least_user_events, "item": spec.k_core.item}
    while sum(_grow(connection, side, least[side], before) for side in least if least[side] > 0):
        pass
    counted = "events" if before == END_OF_TIME else "training events"
    reasons = {side: f"{side} of fewer than {least[side]} {counted}" for side in least}
    (rows,) = one(connection, "select count(*) from events")
    run(connection, SET_ASIDE, user_reason=reasons["user"], item_reason=reasons["item"])
    if one(connection, "select count(*) from events") == (0,):
        raise CasebookError(
            f"{spec.file}: of {rows} events none is left: there is no user with at least {least['user']} events of "
            f"items with at least {least['item']}; give longer histories, or lower prepare.k_core (leave-one-out "
            "needs 3 events of a user)"
        )
    query = "select reason, count(*) from rejected where reason in (?, ?) group by all order by all"
    return dict(connection.execute(query, list(reasons.values())).fetchall())


def _grow(connection: duckdb.DuckDBPyConnection, side: str, least: int, before: int) -> int:
    """Add what is too small among the living; how many were added."""
    query = SMALL.format(side=side)
    return int(connection.execute(query, {"before": before, "least": least}).fetchall()[0][0])
