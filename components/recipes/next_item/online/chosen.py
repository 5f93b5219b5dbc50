"""What a request chooses beside its rows: how many items, which ones, and whether those that a user has had."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from components.core.errors import CasebookError
from components.recipes.next_item.encoding.catalogue import Catalogue
from components.recipes.next_item.serving.choice import Lists, read_choice
from components.recipes.next_item.serving.remarks import Remarks
from components.serving.keys import flag, known_keys
from components.serving.problems import Detail, Problem
from components.serving.service import Options

ALLOW, DENY = "allow", "deny"


class OfUsers(tuple[tuple[str, tuple[Any, ...]], ...]):
    """Lists of ids by user, in a form that can be compared with another request's."""

    __slots__ = ()


@dataclass(frozen=True)
class Chosen:
    """As the predictor takes it."""

    top: int | None
    allow: Lists | None
    deny: Lists | None
    exclude_seen: bool | None
    because: bool

    @classmethod
    def of(cls, options: Options) -> "Chosen":
        """As `predict` does, reasons are given to who asks for them: nobody is declined anything."""
        more = options.more
        seen = more.get("include_seen")
        return cls(
            top=more.get("top"),
            allow=_lists(more.get(ALLOW)),
            deny=_lists(more.get(DENY)),
            exclude_seen=None if seen is None else not seen,
            because=bool(more.get("because", options.explain == "always")),
        )

    @property
    def is_plain(self) -> bool:
        """Whether what is best is what is best of all."""
        return self.allow is None and self.deny is None and self.exclude_seen is None


def read_chosen(given: Mapping[str, Any], catalogue: Catalogue) -> dict[str, Any]:
    """The keys of a request that choose, without those that are null.

    Raises:
        Problem: one is unknown or of the wrong type, or a list has no item that the model knows.
    """
    found = {name: READ[name](name, value) for name, value in known_keys(given, READ).items()}
    for name in (ALLOW, DENY):
        if name in found:
            lists = _lists(found[name])
            try:
                allow, deny = (lists, None) if name == ALLOW else (None, lists)
                read_choice(allow, deny, catalogue, np.array([], object), Remarks())
            except CasebookError as error:
                raise Problem(422, str(error), [Detail((name,), "has no item that the model knows")]) from None
    return found


def _top(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise Problem(422, f"{name} is no number of items", [Detail((name,), "send a whole number from 1", value)])
    return value


def _ids(name: str, value: Any) -> tuple[Any, ...] | OfUsers:
    if isinstance(value, Mapping):
        return OfUsers((str(user), _ids_of((name, str(user)), ids)) for user, ids in value.items())
    return _ids_of((name,), value)


def _ids_of(loc: tuple[str | int, ...], value: Any) -> tuple[Any, ...]:
    told = "send a list of items' ids, or such lists by user"
    if not isinstance(value, list):
        raise Problem(422, f"{loc[0]} is no list of items", [Detail(loc, told, value)])
    for place, cell in enumerate(value):
        if isinstance(cell, bool) or not isinstance(cell, str | int):
            raise Problem(422, f"{loc[0]} is no list of items", [Detail((*loc, place), told, cell)])
    return tuple(value)


_ITEMS = {"type": "array", "items": {"type": ["string", "integer"]}}
_LISTS = {"anyOf": [_ITEMS, {"type": "object", "additionalProperties": _ITEMS}, {"type": "null"}]}
_FLAG = {"type": ["boolean", "null"]}
KEYS: dict[str, Mapping[str, Any]] = {
    "top": {"type": ["integer", "null"], "minimum": 1, "description": "items for each user"},
    ALLOW: {**_LISTS, "description": "the items to choose from, for all or by user"},
    DENY: {**_LISTS, "description": "items to leave out, for all or by user"},
    "include_seen": {**_FLAG, "description": "items that the user has had, too; false: never"},
    "because": {**_FLAG, "description": "beside each item the one of the history that speaks most for it"},
}
READ = {"top": _top, ALLOW: _ids, DENY: _ids, "include_seen": flag, "because": flag}


def _lists(value: Any) -> Lists | None:
    return dict(value) if isinstance(value, OfUsers) else value
