"""Raw rows to the histories that are to be answered: of users, or of their interactions."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from components.core.errors import CasebookError
from components.recipes.next_item.encoding.catalogue import Catalogue, as_ids
from components.recipes.next_item.encoding.histories import Histories, make_histories, rating_codes
from components.recipes.next_item.serving.remarks import (
    EMPTY_HISTORY,
    UNKNOWN_ITEM,
    UNKNOWN_USER,
    UNREADABLE_RATING,
    Remarks,
)

Columns = Mapping[str, str | None]
UNITS = {"seconds": 1_000_000, "milliseconds": 1_000, "microseconds": 1}  # in microseconds
SECOND = 1_000_000


@dataclass(frozen=True)
class Asked:
    """N users to answer: their raw ids, their index in the catalogue (-1 if unknown), and what counts as
    the history of each.
    """

    ids: np.ndarray
    users: np.ndarray
    histories: Histories


def read_asked(
    rows: pd.DataFrame, data: Mapping[str, Any], catalogue: Catalogue, stored: Histories, remarks: Remarks
) -> Asked:
    """Users in the order in which the rows first have them, each once.

    With an item column the rows of a user are the whole history that counts, in the order of their
    times, ties as they stand; a row without an item only names its user. Without that column the stored
    history counts. Rows without a user are not answered.

    Raises:
        CasebookError: no column of users; items without a column of times; a time that is none.
    """
    columns: Columns = data["columns"]
    texts = id_texts(rows[require_user(rows.columns, columns)], data["spec"]["missing"])
    rows, texts = rows[texts != ""], texts[texts != ""]
    if not len(rows):
        raise CasebookError(f"column {columns['user']}: no user in it; give at least one row with a user's id")
    codes, ids = pd.factorize(texts)
    users = catalogue.user_index(ids)
    if columns["item"] in rows:
        histories = _given(rows, codes, len(ids), data, catalogue, remarks)
    else:
        histories = stored_histories(stored, users)
    asked = Asked(np.asarray(ids), users, histories)
    _say_empty(asked, remarks)
    return asked


def require_user(names: Collection[str], columns: Columns) -> str:
    """The name of the users' column, which is among `names`.

    Raises:
        CasebookError: it is not.
    """
    name = columns["user"]
    if name is None or name not in names:
        there = ", ".join(map(repr, names)) or "none"
        raise CasebookError(f"column {name!r} (the user's id) is missing; the columns there are: {there}")
    return name


def id_texts(ids: pd.Series, missing: Sequence[str] = ()) -> np.ndarray:
    """Ids as the model has them, "" where there is none or one of the texts, in any case, that mean so."""
    codes, different = pd.factorize(ids.astype(object), use_na_sentinel=False)  # each is read once
    none = {text.strip().lower() for text in missing}
    texts = as_ids(different.to_numpy())
    texts[[text.lower() in none for text in texts]] = ""
    found: np.ndarray = texts[codes]
    return found


def select(asked: Asked, places: np.ndarray) -> Asked:
    """Some of the users, in the order of `places`."""
    return Asked(asked.ids[places], asked.users[places], asked.histories.of(places))


def stored_histories(stored: Histories, users: np.ndarray) -> Histories:
    """What the bundle holds of users by index; of an unknown one, -1, nothing."""
    known = stored.of(users[users >= 0])
    lengths = np.zeros(len(users), np.int64)
    lengths[users >= 0] = known.lengths
    start = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return Histories(known.item, known.time, known.rating, start)


def _given(
    rows: pd.DataFrame, codes: np.ndarray, users: int, data: Mapping[str, Any], catalogue: Catalogue, remarks: Remarks
) -> Histories:
    columns: Columns = data["columns"]
    texts = id_texts(rows[columns["item"]], data["spec"]["missing"])
    named = texts != ""
    events, codes, texts = rows[named], codes[named], texts[named]
    places, different = pd.factorize(texts)
    item = catalogue.item_index(different)[places]
    remarks.add(UNKNOWN_ITEM, texts[item < 0].tolist())
    moment = _moments(events, data)
    rating = _ratings(events, data, remarks)
    known = np.flatnonzero(item >= 0)
    order = known[np.argsort(moment[known], kind="stable")]
    return make_histories(codes[order], item[order], moment[order] // SECOND, rating[order], users)


def _moments(events: pd.DataFrame, data: Mapping[str, Any]) -> np.ndarray:
    """Microseconds since 1970."""
    name, unit = data["columns"]["time"], data["spec"]["time_unit"]
    if name not in events:
        there = ", ".join(map(repr, events.columns))
        raise CasebookError(
            f"column {name!r} (the time, {unit}) is missing; the columns there are: {there}; interactions need their "
            "time, a list of users has no column of items"
        )
    column = events[name]
    if unit == "datetime":
        times = pd.to_datetime(column, utc=True, errors="coerce", format=None if _is_time(column) else "ISO8601")
        wrong, moment = times.isna().to_numpy(), times.astype("datetime64[us, UTC]").astype(np.int64).to_numpy()
    else:
        numbers = pd.to_numeric(column, errors="coerce").to_numpy(np.float64, na_value=np.nan) * UNITS[unit]
        wrong = ~(np.abs(numbers) < 9e15)  # beyond, doubles are not exact; and what is no number
        moment = np.rint(np.where(wrong, 0, numbers)).astype(np.int64)
    if wrong.any():
        example = str(column[wrong].iloc[0])[:60]
        raise CasebookError(
            f"column {name}: {int(wrong.sum())} cell(s) are no time ({unit}), such as {example!r}; correct them"
        )
    return moment


def _is_time(column: pd.Series) -> bool:
    return bool(pd.api.types.is_datetime64_any_dtype(column.dtype))


def _ratings(events: pd.DataFrame, data: Mapping[str, Any], remarks: Remarks) -> np.ndarray:
    """Codes: 0 where there is none, else one more than the number of edges at or below it."""
    name = data["columns"]["rating"]
    if name is None or name not in events:
        return np.zeros(len(events), np.int8)
    numbers = pd.to_numeric(events[name], errors="coerce").to_numpy(np.float64, na_value=np.nan)
    texts = id_texts(events[name][np.isnan(numbers)], data["spec"]["missing"])
    remarks.add(UNREADABLE_RATING, texts[texts != ""].tolist())
    return rating_codes(numbers, data["rating_edges"])


def _say_empty(asked: Asked, remarks: Remarks) -> None:
    empty = asked.histories.lengths == 0
    remarks.add(UNKNOWN_USER, asked.ids[empty & (asked.users < 0)].tolist())
    remarks.add(EMPTY_HISTORY, asked.ids[empty & (asked.users >= 0)].tolist())
