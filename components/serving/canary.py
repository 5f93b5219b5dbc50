"""A part of the rows answered by the candidate: always the same rows, and never at the cost of an answer."""

import asyncio
import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson

from components.serving.beside import Beside
from components.serving.metrics import Figures
from components.serving.models import Model
from components.serving.problems import Problem
from components.serving.queues import Queues
from components.serving.service import Answered, Options

log = logging.getLogger(__name__)

CANARY = "canary"  # the role in figures, and the folder of its log
WHICH = "candidate"
PARTS = 10_000  # that a hash falls into: percents have two decimals
REFUSED, FAILED = "refused", "failed"  # why the champion answered after all


class Canary:
    """The candidate of a case, and of whose rows it answers `percent`."""

    def __init__(self, beside: Beside, percent: float, figures: Figures) -> None:
        self.beside, self._percent, self._figures = beside, percent, figures

    async def answer(
        self, batcher: Queues, champion: Model, rows: Sequence[Any], options: Options, request_id: str | None
    ) -> list[Answered]:
        """Answers in the order of the rows, each of the canary's with its version. What the canary does not take, or
        fails at, the champion answers.

        Raises:
            Problem: 429 or 504, as the champion alone would.
        """
        canary = self.beside.model
        batcher.admit(champion, rows)
        mine = [] if canary is None else self._chosen(canary, champion, rows, options, request_id)
        if canary is None or not mine:
            return await batcher.answer(champion, rows, options, admitted=True)
        theirs = sorted({*range(len(rows))} - {*mine})
        tried, sure = await asyncio.gather(
            batcher.answer(canary, [rows[place] for place in mine], options, admitted=True),
            _answers(batcher, champion, [rows[place] for place in theirs], options),
            return_exceptions=True,
        )
        if isinstance(sure, BaseException):
            raise sure
        if isinstance(tried, Problem):  # the queue is the champion's, too
            raise tried
        found = dict(zip(theirs, sure, strict=True))
        if isinstance(tried, BaseException):
            self._fell(champion, FAILED, len(mine))
        else:
            wrong = sum(bool(one.wrong) for one in tried)
            self._fell(champion, REFUSED, wrong)
            if not (wrong and options.is_whole):
                taken = ((place, one) for place, one in zip(mine, tried, strict=True) if not one.wrong)
                found |= {place: replace(one, version=canary.version) for place, one in taken}
        rest = [place for place in mine if place not in found]
        again = await _answers(batcher, champion, [rows[place] for place in rest], options)
        found |= dict(zip(rest, again, strict=True))
        return [found[place] for place in range(len(rows))]

    def _chosen(
        self, canary: Model, champion: Model, rows: Sequence[Any], options: Options, request_id: str | None
    ) -> list[int]:
        """Places of the rows that are the canary's, and of a form that it takes."""
        if options.is_whole:
            chosen = list(range(len(rows))) if self.takes(canary, rows[0], request_id) else []
        else:
            chosen = [place for place, row in enumerate(rows) if self.takes(canary, row, request_id)]
        good = [place for place in chosen if not canary.service.check(rows[place])]
        self._fell(champion, REFUSED, len(chosen) - len(good))
        return [] if options.is_whole and len(good) < len(chosen) else good

    def _fell(self, champion: Model, why: str, count: int) -> None:
        if count:
            self._figures.canary_fell.labels(champion.case, why).inc(count)

    def takes(self, canary: Model, row: Any, request_id: str | None) -> bool:
        """Whether the canary answers a row: by a hash of what stays the same whenever it is asked anew, so that
        processes and restarts agree. Each version has rows of its own, lest the same people bear every trial.
        """
        text = f"{canary.case}\0{canary.version}\0{key_of(canary, row, request_id)}"
        digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        return int.from_bytes(digest) % PARTS < self._percent / 100 * PARTS


def key_of(model: Model, row: Any, request_id: str | None) -> str:
    """Whose a row is: the case's key, where the row has it; else the request's id, or the row itself."""
    names = getattr(model.service, "key", ())
    if names and isinstance(row, Mapping) and all(row.get(name) is not None for name in names):
        return "\0".join(_text(row[name]) for name in names)
    if request_id is not None:
        return request_id
    try:
        return orjson.dumps(row, default=str, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError:  # a text that is no UTF-8
        return repr(row)


def _text(value: Any) -> str:
    """7, 7.0 and "7" are one key: CSV brings texts, JSON numbers."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


async def _answers(batcher: Queues, model: Model, rows: Sequence[Any], options: Options) -> list[Answered]:
    return await batcher.answer(model, rows, options, admitted=True) if rows else []
