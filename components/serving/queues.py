"""Two queues, each with a thread: what is answered in milliseconds does not wait behind images, which take seconds."""

from collections.abc import Mapping, Sequence
from typing import Any

from components.serving.batches import AT_ONCE, Batcher
from components.serving.models import Model
from components.serving.problems import Problem
from components.serving.service import MEBIBYTE, Answered, Options, at_once

MOST_BYTES = 256 * MEBIBYTE  # of images that wait: rows are too few to count there
RETRY_AFTER = 5  # seconds


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

    async def answer(self, model: Model, rows: Sequence[Any], options: Options) -> list[Answered]:
        """As `Batcher.answer`."""
        if at_once(model.service, AT_ONCE) > 1:
            return await self._many.answer(model, rows, options)
        size = sum(map(_bytes_of, rows))
        if self._bytes and self._bytes + size > MOST_BYTES:
            told = f"{self._bytes:,} bytes of images wait already; ask again in {RETRY_AFTER} s"
            raise Problem(429, told, headers={"Retry-After": str(RETRY_AFTER)})
        self._bytes += size
        try:
            return await self._single.answer(model, rows, options)
        finally:
            self._bytes -= size


def _bytes_of(row: Any) -> int:
    cells = row.values() if isinstance(row, Mapping) else ()
    return sum(len(cell) for cell in cells if isinstance(cell, str | bytes))
