"""Items that a user comes back to: double clicks, and questions whose answer the user had before."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from components.core.errors import CasebookError
from components.core.job import PREPARED_FILES
from components.recipes.next_item.encoding.repeats import EXCLUDE, RECOMMEND
from components.recipes.next_item.params.interactions import InteractionsParams
from components.recipes.next_item.preparation.database import one, quoted, run
from components.recipes.next_item.preparation.split import ORDER

log = logging.getLogger(__name__)

MOST_UNASKED = 0.02  # of the questions may be answered by a seen item before `prepare.repeats` has to say what is to be
# Whole seconds, as prepared events have: what is merged once is merged no further where it is answered.
AGAIN = """
create or replace temp table again as
with seconds as (select event, user, item, moment, floor(moment / 1000000)::bigint as second from events),
since as (
  select event, second - lag(second) over (partition by user, item order by moment, event) as gap from seconds)
select event, gap from since where gap <= $within
"""
MERGED = """
insert into rejected select event, $reason, user_ids.key::varchar, item_ids.key::varchar,
  make_timestamp(moment)::varchar, rating::varchar
  from events join user_ids on user = user_ids.code join item_ids on item = item_ids.code
  where event in (select event from again);
delete from events where event in (select event from again)
"""
ASKED = """
with questions as (
  select user, arg_min(item, file_row_number) as item from read_parquet({asked}, file_row_number = true) group by user),
known as (select distinct user, item from read_parquet([{known}])),
again as (select questions.* from questions join known using (user, item))
select (select count(*) from questions), (select count(*) from again),
  (select users.id from again join users on users.place = again.user order by again.user limit 1),
  (select items.id from again join items on items.place = again.item order by again.user limit 1)
"""


@dataclass(frozen=True)
class Repeated:
    """How many of the `asked` questions of a split are answered by an item that the user `had` before, and one of
    these.
    """

    asked: int
    had: int
    user: str | None
    item: str | None


def merge_clicks(
    connection: duckdb.DuckDBPyConnection, within: int | None, dropped: Mapping[str, int]
) -> dict[str, int]:
    """Set aside events of a user and an item no more than `within` seconds after such an event; their count by reason.

    Where `within` is null nothing is set aside, and those of one second are told. `dropped` are events that were set
    aside as duplicates of one time, which are double clicks too.
    """
    (rows,) = one(connection, "select count(*) from events")
    run(connection, AGAIN, within=within or 0)
    (count,) = one(connection, "select count(*) from again")
    assert isinstance(rows, int)
    assert isinstance(count, int)
    gone = sum(dropped.values())
    if count + gone:
        share = f"{count + gone} of {rows + gone} events ({(count + gone) / (rows + gone):.1%})"
        log.warning("double clicks: %s are of a user and an item %s", share, _said(within, gone))
    if within is None or not count:
        return {}
    reason = f"same user and item no more than {within} s after an earlier row"
    run(connection, MERGED, reason=reason)
    return {reason: count}


def _said(within: int | None, dropped: int) -> str:
    if within is not None:
        return f"no more than {within} s after another such event: each is one with it (prepare.merge_within)"
    also = f" ({dropped} of one time, which prepare.duplicates drops)" if dropped else ""
    return f"in the second of another such event{also}: prepare.merge_within: SECONDS makes events that close one"


def count_repeated(connection: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, Repeated]:
    """Of the questions of each split that was written into the folder."""
    found = {}
    for place, split in enumerate(ORDER[1:], start=1):
        files = ", ".join(quoted(str(folder / PREPARED_FILES[known])) for known in ORDER[:place])
        asked = quoted(str(folder / PREPARED_FILES[split]))
        found[split] = Repeated(*one(connection, ASKED.format(asked=asked, known=files)))  # type: ignore[arg-type]
    return found


def check_repeats(found: Mapping[str, Repeated], spec: InteractionsParams) -> None:
    """Tell how many questions cannot be answered, as seen items are left out of answers.

    Raises:
        CasebookError: they are more than a few, and nobody has said that it is to be so.
    """
    asked, had = sum(one.asked for one in found.values()), sum(one.had for one in found.values())
    if not had or spec.repeats == RECOMMEND:
        return
    first = next(one for one in found.values() if one.had)
    what = (
        f"{had} of {asked} events that validation and test ask for ({had / asked:.1%}) are of an item that the user "
        f"had before, such as item {first.item!r} of user {first.user!r}"
    )
    if spec.repeats is None and had > MOST_UNASKED * asked:
        raise CasebookError(
            f"{spec.file}: {what}. Say whether such items are to be recommended: prepare.repeats: {RECOMMEND} makes "
            f"seen items candidates like any others, as of purchases and songs; prepare.repeats: {EXCLUDE} never "
            f"answers them, so that these {had} questions count as missed"
        )
    log.warning("%s: they are never answered (prepare.repeats), so that each counts as missed", what)


def rule(spec: InteractionsParams, found: Mapping[str, Repeated]) -> str:
    """Which items compete with the one that is asked for, as the protocol says it."""
    if spec.repeats == RECOMMEND:
        return "rank over the whole catalogue, the user's earlier items too"
    text = "rank over the catalogue less the user's earlier items"
    return f"{text}, which count as missed where they are asked for ({_counts(found)})" if _any(found) else text


def _any(found: Mapping[str, Repeated]) -> bool:
    return any(one.had for one in found.values())


def _counts(found: Mapping[str, Repeated]) -> str:
    return ", ".join(f"{split} {one.had:,} of {one.asked:,}" for split, one in found.items())
