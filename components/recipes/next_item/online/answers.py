"""Questions of any number of users, each with its own history or none, to what is answered to each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from components.core.errors import CasebookError
from components.kits.tables.encoding.cells import RawRows, columns_of_rows
from components.recipes.next_item.encoding.histories import Histories
from components.recipes.next_item.online.chosen import Chosen
from components.recipes.next_item.online.rows import EVENT, Question
from components.recipes.next_item.online.scorers import QUICK
from components.recipes.next_item.serving.asked import Asked, read_asked, select
from components.recipes.next_item.serving.predictor import RankingPredictor, Recommended
from components.recipes.next_item.serving.reasons import NONE
from components.recipes.next_item.serving.remarks import (
    ODD_MOMENT,
    OUTSIDE,
    UNKNOWN_ALLOWED,
    UNKNOWN_DENIED,
    UNKNOWN_ITEM,
    UNKNOWN_USER,
    UNREADABLE_RATING,
    Remarks,
)
from components.recipes.next_item.serving.scorers import Scorer

OF_ALL = (UNKNOWN_ALLOWED, UNKNOWN_DENIED)  # remarks on lists, which concern every row
NEW = (UNKNOWN_USER, UNKNOWN_ITEM, UNREADABLE_RATING, ODD_MOMENT)  # what a strict server refuses
RATED = (OUTSIDE % (0, 0)).partition(" outside")[0]
NAMELESS = "(no id)"


class Recommender(RankingPredictor):
    """The predictor, asked with users whose histories have been read one by one."""

    def of(self, asked: Asked, chosen: Chosen, heard: Remarks) -> Recommended:
        """The best items of each user; no two of them have one id."""
        return self._answer(
            asked,
            chosen.top,
            (chosen.allow, chosen.deny),
            heard,
            exclude_seen=chosen.exclude_seen,
            because=chosen.because,
        )

    @cached_property
    def member_scorers(self) -> dict[str, Scorer]:
        """Those that are quick to answer few."""
        members = self.settings.members
        return {one.name: QUICK[one.kind](self.bundle, one, self.data, self.catalogue) for one in members}

    def _because(self, asked: Asked, items: np.ndarray) -> np.ndarray:
        """Of users without a history nothing speaks for an item, also where nobody else is asked."""
        found = np.full(items.shape, NONE, np.int64)
        known = np.flatnonzero(asked.histories.lengths)
        if len(known):
            found[known] = super()._because(select(asked, known), items[known])
        return found


@dataclass
class Heard(Remarks):
    """Remarks with all their examples."""

    every: dict[str, list[str]] = field(default_factory=dict)

    def add(self, message: str, examples: Any) -> None:
        examples = list(examples)
        super().add(message, examples)
        self.every.setdefault(message, []).extend(examples)


@dataclass
class Found:
    """What is answered to one question: a record for each item, best first, or why nothing can be. `warnings` are told
    beside the answer; `new` are those on what training never had.
    """

    items: list[dict[str, Any]] = field(default_factory=list)
    answered_by: str = ""
    warnings: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    wrong: str = ""


def answer(predictor: Recommender, questions: Sequence[Question], chosen: Chosen) -> list[Found]:
    """All of them in as few calls of the model as can be: one, where no two are of the same user."""
    found = [Found() for _ in questions]
    for places in _waves(questions):
        _answer(predictor, questions, places, chosen, found)
    return found


def _waves(questions: Sequence[Question]) -> Iterator[list[int]]:
    left = list(range(len(questions)))
    while left:
        taken: dict[str, int] = {}
        for place in left:
            taken.setdefault(questions[place].key, place)
        yield list(taken.values())
        kept = set(taken.values())
        left = [place for place in left if place not in kept]


def _answer(
    predictor: Recommender, questions: Sequence[Question], places: Sequence[int], chosen: Chosen, found: list[Found]
) -> None:
    heard = Heard()
    parts: list[Asked] = []
    if named := [place for place in places if not questions[place].given]:
        parts.append(_read(predictor, [questions[place] for place in named], heard))
    for place in places:
        if questions[place].given:
            own = Heard()
            try:
                parts.append(_read(predictor, [questions[place]], own))
            except CasebookError as error:
                found[place].wrong = str(error)
                continue
            _tell(found[place], own, questions[place])
    if not parts:
        return
    asked = together(parts)
    recommended = predictor.of(asked, chosen, heard)
    of = {questions[place].key: place for place in places}
    said: Sequence[list[str]] | np.ndarray = _none(asked) if asked.warnings is None else asked.warnings
    for key, way, warnings in zip(asked.ids.tolist(), predictor.answered_by(asked).tolist(), said, strict=True):
        one = found[of[key]]
        one.answered_by = way
        one.warnings[:0] = warnings
        one.new += warnings
        _tell(one, heard, questions[of[key]], key)
    columns = {name: values.tolist() for name, values in recommended.columns().items() if name not in LEFT}
    for place, key in enumerate(recommended.user.tolist()):
        found[of[key]].items.append({name: values[place] for name, values in columns.items()})


LEFT = ("user", "answered_by", "warnings")  # which are said once a user, not once an item


def _read(predictor: Recommender, questions: Sequence[Question], heard: Remarks) -> Asked:
    raw = [row for one in questions for row in one.raw]
    # Ids of users are texts by now, and of a few an array of Arrow's costs a quarter of the answer.
    rows = columns_of_rows(raw) if questions[0].given else _columns(raw)
    return read_asked(rows, predictor.data, predictor.catalogue, predictor.stored, heard)


def _columns(rows: Sequence[Mapping[str, Any]]) -> RawRows:
    return {name: [row.get(name) for row in rows] for name in dict.fromkeys(name for row in rows for name in row)}


def _tell(found: Found, heard: Heard, question: Question, key: str | None = None) -> None:
    """Leave with an answer what was heard of its row; of remarks on many users those on the one of this `key`."""
    for message, examples in heard.every.items():
        if message.startswith(RATED):
            continue  # the answer's own warnings tell of it
        of_row = examples if key is None or message in OF_ALL else [text for text in examples if text == key]
        if of_row:
            shown = NAMELESS if question.user is None and of_row[0] == question.key else of_row[0]
            found.warnings.append(message % (len(of_row), shown))
            if message in NEW:
                found.new.append(found.warnings[-1])


def together(parts: Sequence[Asked]) -> Asked:
    """Users whose ids are all different, one part's after another's."""
    if len(parts) == 1:
        return parts[0]
    histories = [part.histories for part in parts]
    lengths = np.concatenate([one.lengths for one in histories])
    item, time, rating = (np.concatenate([getattr(one, name) for one in histories]) for name in EVENT)
    start = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    warnings = None
    if any(part.warnings is not None for part in parts):
        lists = [one for part in parts for one in (part.warnings if part.warnings is not None else _none(part))]
        warnings = np.array([*lists, None], object)[:-1]
    return Asked(
        np.concatenate([part.ids for part in parts]),
        np.concatenate([part.users for part in parts]),
        Histories(item, time, rating, start),
        warnings,
        np.concatenate([part.codes for part in parts if part.codes is not None]),
    )


def _none(part: Asked) -> list[list[str]]:
    return [[] for _ in part.ids]
