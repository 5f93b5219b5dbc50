"""The process of a shadow: it answers what the champion has answered, and says how the two differ.

A process and no thread, at a low priority: a thread of low priority that holds the interpreter's lock while others
have the processor holds up whoever answers.
"""

import math
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

from components.core.job import AnyJob
from components.serving.batches import AT_ONCE
from components.serving.beside import Beside
from components.serving.models import Finder, Model
from components.serving.service import Answered, Options, at_once

NICE = 10  # a tenth of the processor where others want it: the lowest of all would not even open a bundle there
SAME, OTHER, REFUSED, FAILED = "same", "other", "refused", "failed"  # what the shadow said, beside the champion
NOT_COMPARED = ("reasons", "because", "because_title", "warnings", "drawn")
DEAR = ("draw",)  # keys of a request that only make what is not compared


@dataclass(frozen=True)
class Standing:
    """Which version of a case is open, and why the one that should be is not."""

    case: str
    version: str | None
    trouble: str


@dataclass(frozen=True)
class Beheld:
    """Rows and what the champion answered: all columns as shown, and the scores that monitoring compares."""

    case: str
    champion: str
    rows: Sequence[Any]
    options: Options
    values: Sequence[Mapping[str, Any]]
    told: Sequence[Mapping[str, Any]]
    kept: Sequence[Sequence[Mapping[str, Any]] | None] | None  # for the log, which is to have the rows if this is there


@dataclass(frozen=True)
class Compared:
    """Of one row: in what word the two differ, the largest difference of a score, and the shadow's scores."""

    outcome: str
    difference: float | None = None
    told: Mapping[str, Any] = field(default_factory=dict)


def answer_beside(line: Connection, jobs: Sequence[AnyJob], which: str, every: float, finder: Finder) -> None:
    """Answer what comes on the line until it ends, and look every few seconds which version that should be done by."""
    os.nice(NICE)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started this process ends it
    silent: Callable[[str], None] = lambda _trouble: None  # noqa: E731 - the other end tells it
    besides = {job.case: Beside(job, which, finder, silent) for job in jobs}
    told: dict[str, Standing] = {}
    look = time.monotonic()
    with suppress(EOFError, OSError):  # whom it is told to has gone
        while True:
            if time.monotonic() >= look:
                for case, beside in besides.items():
                    beside.look()
                    now = Standing(case, beside.version, beside.trouble)
                    if told.get(case) != now:
                        line.send(now)
                    told[case] = now
                look = time.monotonic() + every
            if line.poll(max(look - time.monotonic(), 0)):
                beheld = line.recv()
                model = besides[beheld.case].model
                line.send((None if model is None else model.version, [] if model is None else compare(model, beheld)))


def compare(model: Model, beheld: Beheld) -> list[Compared]:
    """What the shadow would have said to each row, held against what the champion did."""
    good = [place for place, row in enumerate(beheld.rows) if not model.service.check(row)]
    more = {name: value for name, value in beheld.options.more.items() if name not in DEAR}
    options = Options("never", beheld.options.strict, more)
    found: dict[int, Compared] = {}
    size = at_once(model.service, AT_ONCE)
    for start in range(0, len(good), size):
        places = good[start : start + size]
        try:
            answers = model.service.answer([beheld.rows[place] for place in places], options)
        except Exception:
            found |= dict.fromkeys(places, Compared(FAILED))
            continue
        for place, one in zip(places, answers, strict=True):
            found[place] = difference(one, beheld.values[place], beheld.told[place])
    return [found.get(place, Compared(REFUSED)) for place in range(len(beheld.rows))]


def difference(one: Answered, values: Mapping[str, Any], told: Mapping[str, Any]) -> Compared:
    """How far an answer is from the champion's: in words, and in the scores that both give."""
    if one.wrong or one.values is None:
        return Compared(REFUSED)
    both = (one.values.keys() | values.keys()) - {*NOT_COMPARED}
    same = all(in_words(one.values.get(name)) == in_words(values.get(name)) for name in both)
    apart = [
        abs(float(score) - float(told[name]))
        for name, score in one.told.items()
        if _is_number(score) and _is_number(told.get(name))
    ]
    return Compared(SAME if same else OTHER, max(apart, default=None), one.told)


def in_words(value: Any) -> Any:
    """An answer without its numbers, of which no two models give the same."""
    if isinstance(value, Mapping):
        return {name: in_words(one) for name, one in value.items() if name not in NOT_COMPARED}
    if isinstance(value, list | tuple):
        return [in_words(one) for one in value]
    return value if isinstance(value, str | bool) or value is None else 0


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
