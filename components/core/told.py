"""What is warned of while a stage works, kept for the card: a log is read once, a card by everybody."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOGGER = "components"
TOLD = "told.json"  # in a prepared folder


class _Lines(logging.Handler):
    """Keeps what is warned of, once, without the folder that the files lie in."""

    def __init__(self, folder: Path, apart: tuple[str, ...]) -> None:
        super().__init__(logging.WARNING)
        self.folder, self.apart, self.lines = f"{folder}/", apart, list[str]()

    def emit(self, record: logging.LogRecord) -> None:
        line = record.getMessage().replace(self.folder, "")
        if record.name not in self.apart and line not in self.lines:
            self.lines.append(line)


@contextmanager
def warned_of(folder: Path, apart: tuple[str, ...] = ()) -> Iterator[list[str]]:
    """The list that fills with what is warned of, such as a title that was left out of a file in `folder`; loggers
    `apart` are not heard.
    """
    handler, logger = _Lines(folder, apart), logging.getLogger(LOGGER)
    logger.addHandler(handler)
    try:
        yield handler.lines
    finally:
        logger.removeHandler(handler)
