"""What no recommender can learn from, refused before it is prepared, with the param to change."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import duckdb

from components.core.errors import CasebookError
from components.recipes.next_item.params.interactions import LEAST_EVENTS, InteractionsParams, TimeSplit
from components.recipes.next_item.preparation.database import one

Refusal: TypeAlias = Callable[[duckdb.DuckDBPyConnection, Path, InteractionsParams], None]

LEAST_ITEMS = 2
LEAST_TRAINED = 2  # events of a user in training: one that is seen, one that is asked for


def check_trainable(connection: duckdb.DuckDBPyConnection, train: Path, spec: InteractionsParams) -> None:
    """Look at the training events of a prepared folder.

    Raises:
        CasebookError: all are of one item, or no user has two, as a network needs them.
    """
    query = "select count(*), max(n) from (select count(*) as n from read_parquet(?) group by user)"
    users, most = one(connection, query, str(train))
    assert isinstance(most, int)
    if most < LEAST_TRAINED:
        raise _too_short(users, spec)
    (items,) = one(connection, "select count(distinct item) from read_parquet(?)", str(train))
    assert isinstance(items, int)
    if items < LEAST_ITEMS:
        raise CasebookError(
            f"{spec.file}: all training events are of {items} item, so that there is nothing to choose from; is "
            f"prepare.columns.item ({spec.columns.item!r}) the right column? Else lower prepare.k_core"
        )


def _too_short(users: object, spec: InteractionsParams) -> CasebookError:
    if isinstance(spec.split, TimeSplit):
        advice = "give longer histories, or smaller shares in prepare.split"
    else:
        advice = (
            f"with prepare.split.by leave_one_out a user needs {LEAST_EVENTS + 1} events, since the last two are asked "
            "for; give longer histories, or set prepare.split to {by: time, validation: 0.1, test: 0.1}"
        )
    return CasebookError(
        f"{spec.file}: none of {users} users has two training events, so that no step from an item to the next one "
        f"could be learned; is prepare.columns.user ({spec.columns.user!r}) the right column? Else {advice}"
    )
