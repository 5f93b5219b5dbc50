"""Raw rows to the histories that are to be answered: of users, or of their interactions. No frame."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from components.core.errors import CasebookError
from components.kits.tables.encoding.cells import RawRows, columns_of_frame
from components.recipes.next_item.encoding.catalogue import Catalogue
from components.recipes.next_item.encoding.events import Read, Reading, read_cells
from components.recipes.next_item.encoding.histories import Histories
from components.recipes.next_item.encoding.ids import id_texts
from components.recipes.next_item.serving.cold import feature_columns, read_codes
from components.recipes.next_item.serving.columns import numbered
from components.recipes.next_item.serving.given import given_histories
from components.recipes.next_item.serving.remarks import BY_FEATURES, EMPTY_HISTORY, UNKNOWN_USER, Remarks
from components.recipes.next_item.serving.stored import Stored

if TYPE_CHECKING:  # who answers a request loads no pandas
    import pandas as pd

Columns = Mapping[str, str | None]


@dataclass(frozen=True)
class Asked:
    """N users to answer: their raw ids, their index in the catalogue (-1 if unknown), and what counts as
    the history of each. `warnings` (N,) are lists of what is strange about it, None where nothing was looked at.
    `codes` (N, F) are their features' where rows told of them, else the catalogue's count.
    """

    ids: np.ndarray
    users: np.ndarray
    histories: Histories
    warnings: np.ndarray | None = None
    codes: np.ndarray | None = None


def read_asked(rows: RawRows, data: Mapping[str, Any], catalogue: Catalogue, stored: Stored, remarks: Remarks) -> Asked:
    """Users in the order in which the rows first have them, each once.

    With an item column the rows of a user are the whole history that counts, in the order of their
    times, ties as they stand; a row without an item only names its user. Without that column the stored
    history counts. Rows without a user are not answered.

    Raises:
        CasebookError: no column of users; items without a column of times; a time that is none.
    """
    require_columns(rows, data)
    columns = data["columns"]
    read = _read(rows, data)
    texts = (
        id_texts(rows[columns["user"]], data["spec"]["missing"], columns["user"]) if read is None else read.user.texts
    )
    named = texts != ""
    if not named.any():
        raise CasebookError(f"column {columns['user']}: no user in it; give at least one row with a user's id")
    codes = np.full(len(texts), -1)
    codes[named], ids = numbered(texts[named])
    users = catalogue.user_index(ids)
    if read is None:
        asked = Asked(ids, users, stored.of(ids, users))
    else:
        asked = Asked(ids, users, *given_histories(rows, read, codes, len(ids), data, catalogue, remarks))
    first = np.flatnonzero(named)[np.unique(codes[named], return_index=True)[1]]
    asked = replace(asked, codes=read_codes(rows, first, users, data, catalogue))
    _say_empty(asked, remarks)
    return asked


def rows_of_frame(frame: "pd.DataFrame", data: Mapping[str, Any]) -> RawRows:
    """What `read_asked` reads of a frame.

    Raises:
        CasebookError: as `require_columns`, which here names all columns that the frame has.
    """
    require_columns(frame.columns, data)
    told = [name for name in feature_columns(data) if name in frame.columns]
    return columns_of_frame(frame, list(dict.fromkeys([*filter(None, data["columns"].values()), *told])))


def require_columns(names: Collection[str], data: Mapping[str, Any]) -> None:
    """See that users are named, and that interactions have their time.

    Raises:
        CasebookError: a column is not there.
    """
    columns: Columns = data["columns"]
    require_user(names, columns)
    refuse_misnamed(names, columns)
    if twice := [name for name in columns.values() if name is not None and list(names).count(name) > 1]:
        raise CasebookError(f"column {twice[0]!r} stands more than once; rename all but one")
    if columns["item"] in names and columns["time"] not in names:
        raise CasebookError(
            f"column {columns['time']!r} (the time, {data['spec']['time_unit']}) is missing; the columns there are: "
            f"{', '.join(map(repr, names))}; interactions need their time, a list of users has no column of items"
        )


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


def refuse_misnamed(names: Collection[str], columns: Columns) -> None:
    """See that no column of interactions goes by another name: without it another history would be answered.

    Raises:
        CasebookError: a column is not there, and one is that is called nearly so; or times are there without items.
    """
    others = [name for name in names if name not in columns.values()]
    for role in ("item", "time", "rating"):
        name = columns[role]
        if name is None or name in names:
            continue
        if near := [other for other in others if _bare(other) == _bare(name)]:
            raise CasebookError(
                f"column {name!r} (the {role}) is missing, and there is {near[0]!r}; give it the model's name, or "
                "leave it out"
            )
    if columns["item"] not in names and columns["time"] in names:
        raise CasebookError(
            f"column {columns['item']!r} (the item) is missing, and {columns['time']!r} is there; the columns are: "
            f"{', '.join(map(repr, names))}; interactions need their item, a list of users has no column of times"
        )


def _bare(name: str) -> str:
    """A name without case, signs, a type behind a colon, and the endings that people give it or not."""
    letters = re.sub(r"[\W_]+", "", name.partition(":")[0].casefold())
    return re.sub(r"(ids?|s|stamp)$", "", letters) or letters


def select(asked: Asked, places: np.ndarray) -> Asked:
    """Some of the users, in the order of `places`."""
    warnings, codes = (None if one is None else one[places] for one in (asked.warnings, asked.codes))
    return Asked(asked.ids[places], asked.users[places], asked.histories.of(places), warnings, codes)


def _read(rows: RawRows, data: Mapping[str, Any]) -> Read | None:
    """The rows as training reads them; None where they name users alone.

    Raises:
        CasebookError: a cell can be no id.
    """
    columns = data["columns"]
    if columns["item"] not in rows:
        return None
    roles = {role: rows[name] for role, name in columns.items() if name is not None and name in rows}
    read = read_cells(roles, Reading.of(data["spec"]))
    for ids, role in ((read.user, "user"), (read.item, "item")):
        ids.checked(columns[role])
    return read


def _say_empty(asked: Asked, remarks: Remarks) -> None:
    empty = asked.histories.lengths == 0
    told = by_features(asked)
    remarks.add(BY_FEATURES, asked.ids[empty & told].tolist())
    remarks.add(UNKNOWN_USER, asked.ids[empty & ~told & (asked.users < 0)].tolist())
    remarks.add(EMPTY_HISTORY, asked.ids[empty & ~told & (asked.users >= 0)].tolist())


def by_features(asked: Asked) -> np.ndarray:
    """Of which users (N,) a feature is known."""
    if asked.codes is None:
        return np.zeros(len(asked.ids), bool)
    return np.array([bool(row.any()) for row in asked.codes > 0], bool)
