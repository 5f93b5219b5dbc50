"""A model without a bundle, which answers numbers by their doubles, and a server over it: in process, and at once."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.serving.answers import Told
from components.serving.models import Model
from components.serving.problems import Detail
from components.serving.service import Answered, Options
from components.serving.state import Serving, State

CASE = "toy"
ANSWER = {"type": "object", "properties": {"double": {"type": "number"}, "explain": {"type": "string"}}}


class Doubling:
    """Notes what it was asked at once, and begins when it is let. Rows are numbers, or have one in the column `n`."""

    def __init__(self) -> None:
        self.asked = False
        self.calls: list[list[Any]] = []
        self.go = threading.Event()
        self.go.set()

    def schema(self) -> Mapping[str, Any]:
        return {"type": "integer"}

    def options(self, _given: Mapping[str, Any]) -> Mapping[str, Any]:
        return {}

    def check(self, row: Any) -> list[Detail]:
        return [Detail(("n",), "is no number", row)] if number_of(row) == "wrong" else []

    def answer(self, rows: Sequence[Any], options: Options) -> list[Answered]:
        self.asked = True
        self.go.wait(20)
        self.calls.append(list(rows))
        if "broken" in rows:
            raise ValueError("a fault")
        return [Answered({"double": 2 * int(number_of(row)), "explain": options.explain}) for row in rows]


def number_of(row: Any) -> Any:
    return row["n"] if isinstance(row, Mapping) else row


def model_of(service: Doubling, version: str = "1", *, is_champion: bool = True) -> Model:
    return Model(
        CASE,
        version,
        service,  # type: ignore[arg-type] # it has what it is asked for
        Path(),
        is_champion=is_champion,
        answers=Told(ANSWER, ANSWER),
    )


def doubles(answers: Sequence[Answered]) -> list[int]:
    return [dict(one.values or {})["double"] for one in answers]


@dataclass
class Standing:
    """A model that no other one follows."""

    model: Model


@contextmanager
def standing(service: Doubling, limit: int = 1_000) -> Iterator[State]:
    """A server's state in which the model is the champion of `CASE`, whose bodies are no longer than `limit`."""
    state = State(Serving(jobs=[], version=None, explain="declined", strict=False, token=None, logs={}))
    state.slots[CASE] = Standing(model_of(service))  # type: ignore[assignment] # there is no registry to look at
    state.limits[CASE] = limit
    state.batcher.start()
    state.ready = True
    try:
        yield state
    finally:
        service.go.set()
        state.batcher.stop()


def counted(state: State) -> dict[str, float]:
    """How many requests of the case ended with each status."""
    return {
        one.labels["status"]: one.value
        for metric in state.figures.requests.collect()
        for one in metric.samples
        if one.name.endswith("_total") and one.labels["case"] == CASE
    }
