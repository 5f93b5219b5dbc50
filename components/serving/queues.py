"""Two queues, each with a thread: what is answered in milliseconds does not wait behind images, which take seconds."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from components.serving import batches
from components.serving.batches import AT_ONCE, Batcher, too_late
from components.serving.models import Model
from components.serving.problems import Problem
from components.serving.service import MEBIBYTE, Answered, Options, at_once

MOST_BYTES = 256 * MEBIBYTE  # of images that wait: rows are too few to count there
RETRY_AFTER = 5  # seconds
BREATH = 0.05  # seconds until a stream looks again for room


class Queues:
    """A queue of rows that are answered many in a call, and one of those of which each is a call."""

    def __init__(self) -> None:
        self._many, self._single = Batcher(), Batcher()
        self._bytes = 0  # of those that are one by one and not answered yet

    def start(self) -> None:
        self._many.start()
        self._single.start()

    def stop(self) -> None:
        self._many.stop()
        self._single.stop()

    @property
    def waiting(self) -> int:
        """Rows that nobody computes yet."""
        return self._many.waiting + self._single.waiting

    def admit(self, model: Model, rows: Sequence[Any]) -> None:
        """Let a request in, once for all that becomes of it.

        Raises:
            Problem: 429 where too many wait already.
        """
        self._queue(model).admit()
        size = self._size(model, rows)
        if size and self._bytes and self._bytes + size > MOST_BYTES:
            told = f"{self._bytes:,} bytes of images wait already; ask again in {RETRY_AFTER} s"
            raise Problem(429, told, headers={"Retry-After": str(RETRY_AFTER)})

    async def room(self, model: Model, rows: Sequence[Any]) -> None:
        """Wait until these rows of a stream leave room for others; they are admitted then.

        Raises:
            Problem: 504, there was none in time.
        """
        loop = asyncio.get_running_loop()
        ends = loop.time() + batches.PATIENCE
        while not self._has_room(model, rows):
            if loop.time() >= ends:
                raise too_late()
            await asyncio.sleep(BREATH)

    async def answer(
        self, model: Model, rows: Sequence[Any], options: Options, *, admitted: bool = False
    ) -> list[Answered]:
        """As `Batcher.answer`."""
        if not admitted:
            self.admit(model, rows)
        size = self._size(model, rows)
        self._bytes += size
        try:
            return await self._queue(model).answer(model, rows, options, admitted=True)
        finally:
            self._bytes -= size

    def _queue(self, model: Model) -> Batcher:
        return self._single if _one_by_one(model) else self._many

    def _has_room(self, model: Model, rows: Sequence[Any]) -> bool:
        size = self._size(model, rows)
        few = not size or not self._bytes or 2 * (self._bytes + size) <= MOST_BYTES
        return few and self._queue(model).has_room

    def _size(self, model: Model, rows: Sequence[Any]) -> int:
        """Bytes that count, those of images."""
        return sum(map(_bytes_of, rows)) if _one_by_one(model) else 0


def _one_by_one(model: Model) -> bool:
    return at_once(model.service, AT_ONCE) <= 1


def _bytes_of(row: Any) -> int:
    cells = row.values() if isinstance(row, Mapping) else ()
    return sum(len(cell) for cell in cells if isinstance(cell, str | bytes))
