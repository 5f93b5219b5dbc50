"""What the servers are asked: the same rows in both forms, and whether they answer them alike."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from components.core.errors import CasebookError
from components.core.files import read_json
from components.core.job import PREPARED_FILES, TEST, Paths

Rows = Sequence[Mapping[str, Any]]
DIFFERENT = 16  # requests of a kind that take turns, so that no answer is one that is remembered
MANY = 100
ALIKE = 1e-6  # of an answer's size; graphs compute in 32 bits


@dataclass(frozen=True)
class Question:
    """Requests of one kind: `rows` as `casebook serve` takes them, `records` as MLflow does, `more` beside the rows."""

    kind: str
    rows: Sequence[Rows]
    records: Sequence[Rows]
    more: Mapping[str, Any] = field(default_factory=dict)

    def bodies(self, *, ours: bool) -> list[bytes]:
        if ours:
            return [json.dumps({"rows": list(rows), **self.more}).encode() for rows in self.rows]
        return [as_mlflow(rows) for rows in self.records]


def as_mlflow(rows: Rows) -> bytes:
    return json.dumps({"dataframe_records": list(rows)}).encode()


def of_frames(rows: list[dict[str, Any]], over: Sequence[bool]) -> list[Question]:
    """Of rows with two classes: one below the threshold, one that is not, a hundred with reasons and without."""
    below = [[row] for row, flag in zip(rows, over, strict=True) if not flag][:DIFFERENT]
    above = [[row] for row, flag in zip(rows, over, strict=True) if flag][:DIFFERENT]
    hundreds = [rows[at : at + MANY] for at in range(0, len(rows) - MANY + 1, MANY)][:DIFFERENT]
    return [
        Question("one approved row", below, below),
        Question("one declined row", above, above),
        Question(f"{MANY} rows with reasons", hundreds, hundreds),
        Question(f"{MANY} rows without", hundreds, hundreds, {"explain": "never"}),
    ]


def test_rows(case: str, root: Path, columns: Sequence[str]) -> list[dict[str, Any]]:
    """The case's own test rows as JSON has them."""
    frame = pd.read_parquet(Paths(root).prepared(case) / PREPARED_FILES[TEST])[list(columns)]
    found: list[dict[str, Any]] = json.loads(frame.to_json(orient="records", date_format="iso"))
    return found


def typical(recipe: str, model: Path) -> Question:
    """One row at a time of the example that was registered with the model."""
    split = read_json(model / "serving_input_example.json")["dataframe_split"]
    records = [dict(zip(split["columns"], cells, strict=True)) for cells in split["data"]]
    if recipe in OTHERWISE:
        kind, pairs = OTHERWISE[recipe](records)
        return Question(kind, [[row] for row, _ in pairs], [[record] for _, record in pairs])
    one = [[record] for record in records][:DIFFERENT]
    return Question(KINDS.get(recipe, "one row"), one, one)


def _users(records: list[dict[str, Any]]) -> tuple[str, list[tuple[dict[str, Any], dict[str, Any]]]]:
    """Users by name: the first column of an example has them."""
    column = next(iter(records[0]))
    users = list(dict.fromkeys(record[column] for record in records))[:DIFFERENT]
    return "one user", [({"user": user}, {column: user}) for user in users]


OTHERWISE: dict[str, Callable[[list[dict[str, Any]]], tuple[str, list[tuple[dict[str, Any], dict[str, Any]]]]]] = {
    "next_item": _users
}
KINDS = {"conversion": "one clause", "detection": "one image"}


def check_alike(case: str, first: Rows, second: Rows) -> None:
    """Raises CasebookError where two servers answer otherwise: numbers and texts, of the columns that both have."""
    if len(first) != len(second):
        raise CasebookError(f"{case}: one server answers {len(first)} rows, another one {len(second)}")
    for one, other in zip(first, second, strict=True):
        shared = [name for name in one if name in other]
        if not shared:
            raise CasebookError(f"{case}: one server answers {list(one)}, another one {list(other)}")
        for name in shared:
            if not alike(one[name], other[name]):
                raise CasebookError(f"{case}: {name} is {one[name]!r} of one server, {other[name]!r} of another")


def alike(one: Any, other: Any) -> bool:
    if isinstance(one, int | float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=ALIKE, abs_tol=ALIKE)
    return one == other or not (isinstance(one, str) and isinstance(other, str))  # what is nested has forms of its own
