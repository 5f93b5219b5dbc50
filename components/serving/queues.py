"""Two queues, each with a thread: what is answered in milliseconds does not wait behind images, which take seconds."""

from collections.abc import Sequence
from typing import Any

from components.serving.batches import AT_ONCE, Batcher
from components.serving.models import Model
from components.serving.service import Answered, Options, at_once


class Queues:
    """A queue of rows that are answered many in a call, and one of those of which each is a call."""

    def __init__(self) -> None:
        self._many, self._single = Batcher(), Batcher()

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
        queue = self._single if at_once(model.service, AT_ONCE) == 1 else self._many
        return await queue.answer(model, rows, options)
