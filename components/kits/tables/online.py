"""Rows of a table over HTTP: the form that is taken, what of a row is wrong, and answers by row."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import Any, Generic, TypeVar

import numpy as np

from components.kits.tables.asked import ACCEPT, AskedTable
from components.kits.tables.encoding.known import Asked, Mark
from components.kits.tables.encoding.reader import raw_cell
from components.kits.tables.encoding.values import take
from components.kits.tables.learning.reasons import reason_text
from components.kits.tables.quick.predictor import quicken
from components.kits.tables.row_schema import NUMBERS, row_schema
from components.serving.keys import flag, known_keys
from components.serving.problems import Detail
from components.serving.service import MEBIBYTE, Answered, Explain, Options

MAX_BODY = MEBIBYTE
CELLS = (str, int, float, bool)
TOLD = ("threshold", "decisions", "horizons", "unit", "causes", "intervals.coverage")  # what people want to know

AnyTable = TypeVar("AnyTable", bound=AskedTable)
# Columns of answers (N,) as they are shown, reasons as objects; and the scores (N,) that monitoring compares.
Answers = tuple[Mapping[str, Any], Mapping[str, Any]]


@dataclass(frozen=True)
class Key:
    """A key of a request: what reads its value, with its name before it, and its JSON Schema."""

    read: Callable[[str, Any], Any]
    schema: Mapping[str, Any]


class TableService(Generic[AnyTable]):
    """A predictor of a table that answers rows as JSON has them; `answers` is the recipe's own way to do so.

    `others` are columns that rows may have beside those of the model, such as the outcome; `more` are the keys that a
    request may have beside its rows; `told` writes a reason as `casebook predict` does. `explains` says for whom
    `casebook predict` finds reasons.
    """

    explains: Explain = "always"

    def __init__(
        self,
        predictor: AnyTable,
        answers: Callable[[AnyTable, Asked, Options], Answers],
        others: Sequence[str],
        more: Mapping[str, Key] | None = None,
        told: Callable[[Mapping[str, Any]], str] | None = None,
    ) -> None:
        self.predictor, self._answers, self._told = predictor, answers, told or _told
        self._more = {ACCEPT: FLAG, **(more or {})}
        self._look = quicken(predictor)
        spec = predictor.data["spec"]
        self.key: Sequence[str] = predictor.data["key"]
        self._columns: dict[str, Any] = spec["columns"]
        self._numbers = {name for name, column in self._columns.items() if column["kind"] in NUMBERS}
        self._known = {*self._columns, *predictor.data["key"], *spec["ignore"], *others}

    def options(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Those of the recipe, each read by its own function."""
        return {name: self._more[name].read(name, value) for name, value in known_keys(given, self._more).items()}

    def more(self) -> Mapping[str, Any]:
        """Those keys, each with its JSON Schema."""
        return {name: key.schema for name, key in self._more.items()}

    def flat(self, answers: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
        """Answers as `casebook predict` writes them: reasons are texts."""
        return [{**one, "reasons": [self._told(reason) for reason in one["reasons"]]} for one in answers]

    def check(self, row: Any) -> Sequence[Detail]:
        """What is wrong with a row's form."""
        if not isinstance(row, Mapping):
            return [Detail((), "is no object of columns and values", row)]
        wrong = [Detail((name,), "is missing; send null for no value") for name in self._columns if name not in row]
        for name, cell in row.items():
            if name not in self._known:
                wrong.append(Detail((name,), "is no column of the model", cell))
            elif cell is not None and not isinstance(cell, CELLS):
                wrong.append(Detail((name,), "is no text, number, truth or null", cell))
            elif (cell is True or cell is False) and name in self._numbers:
                wrong.append(Detail((name,), "is no value of a column of numbers", cell))
        return wrong

    def answer(self, rows: Sequence[Mapping[str, Any]], options: Options) -> Sequence[Answered]:
        """All of them in one call of the model; what is wrong with one does not concern the others."""
        if not rows:
            return []
        asked = self._look(rows)
        columns, told = self._answers(self.predictor, asked, options)
        shown, said = _by_row(columns, len(rows)), _by_row(told, len(rows))
        wrong = self._wrong(asked, strict=options.strict, accept=bool(options.more.get(ACCEPT)))
        return [
            Answered(None, wrong[place])
            if wrong[place]
            else Answered({**{name: row[name] for name in self.key if name in row}, **shown[place]}, (), said[place])
            for place, row in enumerate(rows)
        ]

    def schema(self) -> Mapping[str, Any]:
        """A row as JSON Schema."""
        return self._schema

    def about(self) -> Mapping[str, Any]:
        """What an answer is of: the target, and those of the settings `TOLD` that the recipe has."""
        told: dict[str, Any] = {"target": self.predictor.data["spec"]["target"]}
        settings: Any = getattr(self.predictor, "settings", None)
        for name in TOLD:
            with suppress(AttributeError):
                told[name.rpartition(".")[2]] = attrgetter(name)(settings)
        return told

    def _wrong(self, asked: Asked, *, strict: bool, accept: bool) -> list[list[Detail]]:
        found: list[list[Detail]] = [[] for _ in range(len(asked))]
        for mark in asked.marks:
            if strict or (mark.kind == "unreadable" and not accept):
                for row in np.flatnonzero(mark.where).tolist():
                    given = raw_cell(asked.rows[mark.column], row)
                    found[row].append(Detail((mark.column,), self._why(mark), given))
        return found

    def _why(self, mark: Mark) -> str:
        if mark.kind == "unreadable":
            return f"is no value of a {self._columns[mark.column]['kind']} column"
        if mark.kind == "ruled":
            return f"is {mark.detail}"
        if mark.kind == "unseen":
            return "is no class of training"
        ends = self.predictor.data["summary"][mark.column]["quantiles"]
        return f"is beyond training's {ends['0']:.12g} to {ends['1']:.12g}"

    @cached_property
    def _schema(self) -> Mapping[str, Any]:
        return row_schema(self._columns, self.predictor.data.get("summary", {}), self._known - set(self._columns))


def part(asked: Asked, places: np.ndarray) -> Asked:
    """Some of the rows, as they are read and encoded; what was strange about them has been told of the whole."""
    typed = {name: take(values, places) for name, values in asked.typed.items()}
    return Asked({}, typed, asked.encoded.take(places), ())


FLAG = Key(flag, {"type": "boolean"})


def _told(reason: Mapping[str, Any]) -> str:
    return reason_text(reason["column"], reason["value"])


def _by_row(columns: Mapping[str, Any], rows: int) -> list[dict[str, Any]]:
    lists = {
        name: values.tolist() if isinstance(values, np.ndarray) else list(values) for name, values in columns.items()
    }
    return [{name: values[row] for name, values in lists.items()} for row in range(rows)]
