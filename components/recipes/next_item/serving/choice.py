"""Which items may be answered: those that lists allow and deny, to everybody or to single users."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from components.core.errors import CasebookError
from components.recipes.next_item.encoding.catalogue import Catalogue
from components.recipes.next_item.encoding.ids import id_texts
from components.recipes.next_item.serving.remarks import NOT_LISTED, UNKNOWN_ALLOWED, UNKNOWN_DENIED, Remarks

Ids: TypeAlias = Sequence[str | int]
Lists: TypeAlias = Ids | Mapping[str, Ids]  # of items, or of items by user
SAID = {"allow": UNKNOWN_ALLOWED, "deny": UNKNOWN_DENIED}


@dataclass(frozen=True)
class Choice:
    """`barred (M,)` items are answered to nobody. By a user's id, `allowed` are the items that alone may be answered
    to this user, to one without any no item at all; None where every user may get all. `denied` ones are left out.
    """

    barred: np.ndarray
    allowed: Mapping[str, np.ndarray] | None = None
    denied: Mapping[str, np.ndarray] = field(default_factory=dict)

    def bar(self, scores: np.ndarray, ids: np.ndarray) -> None:
        """Rule out what may not be answered: scores `(b, M)` of the users `ids (b,)` become minus infinity there."""
        scores[:, self.barred] = -np.inf
        for row, text in enumerate(ids):
            if self.allowed is not None:
                left = np.ones(scores.shape[1], bool)
                left[self.allowed.get(text, [])] = False
                scores[row, left] = -np.inf
            if text in self.denied:
                scores[row, self.denied[text]] = -np.inf

    def unlisted(self, ids: np.ndarray) -> np.ndarray:
        """For which of the users (N,) nothing is allowed."""
        return np.array([self.allowed is not None and text not in self.allowed for text in ids], bool)

    def of_their_own(self, ids: np.ndarray) -> np.ndarray:
        """Which of the users (N,) have a list of their own."""
        if self.allowed is not None:
            return np.ones(len(ids), bool)
        return np.array([text in self.denied for text in ids], bool)


def read_choice(
    allow: Lists | None, deny: Lists | None, catalogue: Catalogue, ids: np.ndarray, remarks: Remarks
) -> Choice:
    """For the users `ids (N,)`.

    Raises:
        CasebookError: no line of a list is an item of the catalogue.
    """
    barred = np.zeros(len(catalogue.item_ids), bool)
    allowed: Mapping[str, np.ndarray] | None = None
    denied: Mapping[str, np.ndarray] = {}
    if isinstance(allow, Mapping):
        allowed = _by_user(allow, "allow", catalogue, remarks)
        remarks.add(NOT_LISTED, [text for text in ids.tolist() if text not in allowed])
    elif allow is not None:
        barred[:] = True
        barred[_known(allow, "allow", catalogue, remarks)] = False
    if isinstance(deny, Mapping):
        denied = _by_user(deny, "deny", catalogue, remarks)
    elif deny is not None:
        barred[_known(deny, "deny", catalogue, remarks)] = True
    return Choice(barred, allowed, denied)


def _by_user(lists: Mapping[str, Ids], name: str, catalogue: Catalogue, remarks: Remarks) -> dict[str, np.ndarray]:
    _known([item for ids in lists.values() for item in ids], name, catalogue, remarks)
    index = {user: catalogue.item_index(id_texts(list(ids))) for user, ids in lists.items()}
    texts = id_texts(list(index))
    return {text: found[found >= 0] for text, found in zip(texts, index.values(), strict=True)}


def _known(ids: Ids, name: str, catalogue: Catalogue, remarks: Remarks) -> np.ndarray:
    texts = id_texts(list(ids), name=f"{name} list")
    index = catalogue.item_index(texts)
    if len(index) and (index < 0).all():
        raise CasebookError(
            f"{name} list: none of its {len(index)} line(s) is an item that the model knows, such as "
            f"{texts[0][:60]!r}, where items are called {str(catalogue.item_ids[0])[:60]!r}; give one item's id a line "
            "and no other column, or a file with the columns of user and item"
        )
    remarks.add(SAID[name], texts[index < 0].tolist())
    known: np.ndarray = index[index >= 0]
    return known
