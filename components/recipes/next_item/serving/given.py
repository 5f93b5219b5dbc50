"""Histories of the interactions that somebody gives, as training would have read them."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from components.core.errors import CasebookError
from components.kits.tables.encoding.cells import RawRows
from components.recipes.next_item.encoding.catalogue import Catalogue
from components.recipes.next_item.encoding.events import (
    BAD_RATING,
    BAD_TIME,
    FAR_TIME,
    INFINITE_TIME,
    NO_TIME,
    ODD_TIME,
    SOUND,
    Read,
)
from components.recipes.next_item.encoding.histories import Histories, make_histories, rating_codes
from components.recipes.next_item.encoding.odd_times import is_odd
from components.recipes.next_item.encoding.repeats import first_clicks
from components.recipes.next_item.encoding.times import SECOND
from components.recipes.next_item.serving.columns import kept, numbered, shown
from components.recipes.next_item.serving.remarks import (
    ODD_MOMENT,
    OUTSIDE,
    UNKNOWN_ITEM,
    UNREADABLE_RATING,
    Remarks,
)

RANGE = "rating_range"
WITHOUT_TIME = (NO_TIME, BAD_TIME, INFINITE_TIME, FAR_TIME)


def given_histories(
    rows: RawRows,
    read: Read,
    codes: np.ndarray,
    users: int,
    data: Mapping[str, Any],
    catalogue: Catalogue,
    remarks: Remarks,
) -> tuple[Histories, np.ndarray | None]:
    """Histories from rows (N) of the users `codes` (N,), -1 where a row names none; and what is strange about each.

    Raises:
        CasebookError: a time is none, or hardly any is one of an event; or no rating is a number.
    """
    named = (codes >= 0) & (read.item.texts != "")
    _refuse_times(rows, read, named, data)
    _refuse_other_unit(rows, read, named, data)
    _refuse_no_rating(rows, read, named, data)
    sound = named & (read.breach == SOUND)
    _say_left_out(rows, read, named, data, remarks)
    places, different = numbered(read.item.texts[sound])
    item, code = catalogue.item_index(different)[places], codes[sound]
    remarks.add(UNKNOWN_ITEM, read.item.texts[sound][item < 0].tolist())
    moment, rating = read.moment[sound], read.rating[sound]
    known = np.flatnonzero(item >= 0)
    order = known[np.argsort(moment[known], kind="stable")]
    if data["spec"].get("duplicates") == "drop":
        order = order[first_of_each(code[order], item[order], moment[order])]
    if (within := data["spec"].get("merge_within")) is not None:
        order = order[first_clicks(code[order], item[order], moment[order], within)]
    bands = rating_codes(rating[order], data["rating_edges"])
    histories = make_histories(code[order], item[order], moment[order] // SECOND, bands, users)
    return histories, _outside(code[order], rating[order], users, data, remarks)


def _outside(
    code: np.ndarray, rating: np.ndarray, users: int, data: Mapping[str, Any], remarks: Remarks
) -> np.ndarray | None:
    """What is to be said of each user's ratings (E,) that training never had."""
    if RANGE not in data:
        return None
    low, high = (float(np.float32(bound)) for bound in data[RANGE])
    outside = (rating < low) | (rating > high)
    remarks.add(OUTSIDE % (low, high), [f"{one:g}" for one in rating[outside]])
    found = np.array([[] for _ in range(users)] + [None], object)[:-1]  # of lists, also where all are empty
    for user, one in zip(code[outside], rating[outside], strict=True):
        if not found[user]:
            found[user] = [f"rating {one:g} is outside training's {low:g} to {high:g}"]
    return found


def first_of_each(*columns: np.ndarray) -> np.ndarray:
    """The places, ascending, of rows that no earlier row is alike in all columns (N,): as training drops duplicates."""
    order = np.lexsort(columns)  # of equals the earlier one first
    new = np.ones(len(order), bool)
    new[1:] = np.any([column[order][1:] != column[order][:-1] for column in columns], axis=0)
    return np.sort(order[new])


def _refuse_times(rows: RawRows, read: Read, named: np.ndarray, data: Mapping[str, Any]) -> None:
    name, unit = data["columns"]["time"], data["spec"]["time_unit"]
    wrong = named & np.isin(read.breach, WITHOUT_TIME)
    if wrong.any():
        raise CasebookError(
            f"column {name}: {int(wrong.sum())} cell(s) are no time ({unit}), such as "
            f"{shown(rows[name], int(wrong.argmax()))!r}; correct them"
        )


def _refuse_other_unit(rows: RawRows, read: Read, named: np.ndarray, data: Mapping[str, Any]) -> None:
    """Times that are all odd are in another unit than the model's, if its own are not."""
    name, unit = data["columns"]["time"], data["spec"]["time_unit"]
    odd = named & is_odd(read.moment, unit)
    if not odd.any() or (odd != named).any() or is_odd(np.array([data["first_time"] * SECOND]), unit).any():
        return
    raise CasebookError(
        f"column {name}: its {int(odd.sum())} time(s), such as {shown(rows[name], int(odd.argmax()))!r}, are hardly "
        f"those of events if they are {unit}, as the model's are; write them as {unit}"
    )


def _refuse_no_rating(rows: RawRows, read: Read, named: np.ndarray, data: Mapping[str, Any]) -> None:
    wrong = named & (read.breach == BAD_RATING)
    if wrong.any() and np.isnan(read.rating[named]).all():
        name = data["columns"]["rating"]
        raise CasebookError(
            f"column {name}: none of its {int(wrong.sum())} rating(s) is a number, such as "
            f"{shown(rows[name], int(wrong.argmax()))!r}; write numbers, as in training, or leave the column out"
        )


def _say_left_out(rows: RawRows, read: Read, named: np.ndarray, data: Mapping[str, Any], remarks: Remarks) -> None:
    for breach, role, message in ((BAD_RATING, "rating", UNREADABLE_RATING), (ODD_TIME, "time", ODD_MOMENT)):
        wrong = named & (read.breach == breach)
        if wrong.any():
            cells = kept(rows[data["columns"][role]], wrong)
            remarks.add(message, [shown(cells, place) for place in range(int(wrong.sum()))])
