"""Rows of a request: a user's id, or a history of items; what is wrong with one, and the raw rows it stands for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from components.recipes.next_item.encoding.ids import read_ids
from components.recipes.next_item.encoding.times import DATETIME, EXCEL, SECOND, UNITS
from components.serving.problems import MOST_DETAILS, Detail

USER, HISTORY = "user", "history"
EVENT = ("item", "time", "rating")
# Seconds between items of which nobody says when they were had. Of the test of MovieLens-100K, NDCG@10 is .139 with the
# events' own times, .113 with all at one moment, .121 with 10 seconds between two, .128 with a minute, .124 with an
# hour, .118 with a day.
APART = 60
NOBODY = "nobody-"  # before a number of its own, the id of who sends a history and no id


@dataclass(frozen=True)
class Question:
    """What one row asks: `user` as the row names them, if it does, and `key`, the id that they are asked under. `raw`
    are rows as the raw data has them: of a history (`given`) its events, else one that names the user alone.
    """

    user: str | None
    key: str
    raw: Sequence[Mapping[str, Any]]
    given: bool


class RowForm:
    """How rows are written for the `data` of a bundle: by the plain names, or by those of the raw columns."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        columns, side = data["columns"], data["spec"].get("users")
        self.missing: Sequence[str] = data["spec"]["missing"]
        self.user: str = columns["user"]
        self.events = {role: columns[role] for role in EVENT if columns[role] is not None}
        self.features = {name: one["column"] for name, one in side["columns"].items()} if side else {}
        self._event_names = {**self.events, **{name: name for name in self.events.values()}}
        own = {**self.features, **{name: name for name in self.features.values()}}
        self._names = {**own, HISTORY: HISTORY, USER: self.user, self.user: self.user}
        self._last, self._unit = int(data["last_time"]), data["spec"]["time_unit"]

    def check(self, row: Any) -> list[Detail]:
        """What is wrong with a row's form."""
        if not isinstance(row, Mapping):
            return [Detail((), 'is no object such as {"user": 7} or {"history": [50, 172]}', row)]
        wrong = [*self._of_names(row), *self._of_user(row)]
        for detail in self._of_history(row.get(HISTORY), named=self._named(row)):
            wrong.append(detail)
            if len(wrong) > MOST_DETAILS:
                break
        return wrong

    def question(self, row: Mapping[str, Any]) -> Question:
        """Of a row that is right."""
        named = {self._names[name]: cell for name, cell in row.items()}
        history, user = named.pop(HISTORY, None), named.get(self.user)
        text = None if user is None else str(read_ids([user], self.missing).texts[0])
        key = f"{NOBODY}{uuid4().hex}" if text is None else text
        named[self.user] = key
        if history is None:
            return Question(text, key, [named], given=False)
        item, time = self.events["item"], self.events["time"]
        raw = [self._event(one) for one in history]
        if raw and all(one.get(time) is None for one in raw):
            raw = [{**one, time: cell} for one, cell in zip(raw, self._times(len(raw)), strict=True)]
        return Question(text, key, [{**named, **one} for one in raw] or [{**named, item: None, time: None}], given=True)

    def _event(self, one: Any) -> dict[str, Any]:
        if not isinstance(one, Mapping):
            return {self.events["item"]: one}
        return {self._event_names[name]: cell for name, cell in one.items()}

    def _times(self, count: int) -> list[Any]:
        """Moments as the raw data has them, the last one that of the newest event that the model was fitted on."""
        seconds = [self._last - APART * place for place in reversed(range(count))]
        if self._unit == DATETIME:
            return [datetime.fromtimestamp(one, UTC).strftime("%Y-%m-%dT%H:%M:%S") for one in seconds]
        shift = EXCEL if self._unit == "excel_days" else 0
        return [one * SECOND / UNITS[self._unit] + shift for one in seconds]

    def _named(self, row: Mapping[str, Any]) -> bool:
        return any(row.get(name) is not None for name in (USER, self.user))

    def _of_names(self, row: Mapping[str, Any]) -> Iterator[Detail]:
        there: set[str] = set()
        for name, cell in row.items():
            if name not in self._names:
                is_event = name in self._event_names
                yield Detail((name,), "is of an event: put events into `history`" if is_event else _NO_COLUMN, cell)
            elif (column := self._names[name]) in there:
                yield Detail((name,), f"stands twice, as {column!r}, too", cell)
            else:
                there.add(column)
                if column not in (HISTORY, self.user) and not _is_cell(cell) and not isinstance(cell, bool):
                    yield Detail((name,), "is no text, number or null", cell)

    def _of_user(self, row: Mapping[str, Any]) -> Iterator[Detail]:
        if not self._named(row):
            if row.get(HISTORY) is None:
                yield Detail((USER,), "is missing: send a user's id, or a history of items", None)
            return
        name = USER if row.get(USER) is not None else self.user
        if why := self._no_id(row[name]):
            yield Detail((name,), why, row[name])

    def _of_history(self, history: Any, *, named: bool) -> Iterator[Detail]:
        if history is None:
            return
        if not isinstance(history, list):
            yield Detail((HISTORY,), "is no list of items", history)
            return
        if not history and not named:
            yield Detail((HISTORY,), "is empty, and nobody is named: send a user's id, or a history of items", history)
        timed = [self._has_time(one) for one in history]
        for place, one in enumerate(history):
            yield from self._of_event(place, one)
            if any(timed) and not timed[place]:
                yield Detail((HISTORY, place, "time"), "is missing: give each event its time, or none of them", None)

    def _of_event(self, place: int, one: Any) -> Iterator[Detail]:
        if not isinstance(one, Mapping):
            if why := self._no_id(one):
                yield Detail((HISTORY, place), why, one)
            return
        for name, cell in one.items():
            if name not in self._event_names:
                yield Detail((HISTORY, place, name), "is nothing that an event has", cell)
            elif not _is_cell(cell):
                yield Detail((HISTORY, place, name), "is no text, number or null", cell)
        item = next((one[name] for name in ("item", self.events["item"]) if name in one), None)
        if why := self._no_id(item):
            yield Detail((HISTORY, place, "item"), why, item)

    def _has_time(self, one: Any) -> bool:
        return isinstance(one, Mapping) and any(one.get(name) is not None for name in ("time", self.events["time"]))

    def _no_id(self, cell: Any) -> str:
        """Why a cell is no id; nothing where it is one."""
        if cell is None or isinstance(cell, bool) or not _is_cell(cell):
            return "is no id: send a text or a whole number"
        ids = read_ids([cell], self.missing)
        if ids.fault is not None:
            return f"is no id: such {ids.fault.reason}"
        return "" if ids.texts[0] else "is no id, but stands for none"


_NO_COLUMN = "is no column of the model"


def _is_cell(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str | int | float) and not isinstance(cell, bool))
