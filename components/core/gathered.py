"""Warnings of one kind as one line that counts them, where a loop over groups or metrics would say each."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field


@dataclass
class Gathered(logging.Filter):
    """Keeps back the warnings of a logger: the first of each message, before its values are filled in, and a count."""

    found: dict[str, tuple[logging.LogRecord, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__()

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno != logging.WARNING:
            return True
        first, count = self.found.get(str(record.msg), (record, 0))
        self.found[str(record.msg)] = (first, count + 1)
        return False

    def say(self, logger: logging.Logger) -> None:
        for first, count in self.found.values():
            more = f" (and {count - 1} more of the kind)" if count > 1 else ""
            logger.warning("%s%s", first.getMessage(), more)


@contextmanager
def gathered_warnings(*names: str) -> Iterator[None]:
    """Say the warnings of these loggers when the block ends, however it ends: one line for each message.

    What tells them apart is the message as it stands in the code; the line has the values of the first.
    """
    with ExitStack() as stack:
        for name in names:
            stack.enter_context(_gathered(logging.getLogger(name)))
        yield


@contextmanager
def _gathered(logger: logging.Logger) -> Iterator[None]:
    keeper = Gathered()
    logger.addFilter(keeper)
    try:
        yield
    finally:
        logger.removeFilter(keeper)
        keeper.say(logger)
