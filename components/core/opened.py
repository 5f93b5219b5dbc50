"""Predictors that are opened once a command: what answers and what logs the answers are two parts of a recipe."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

Opened = TypeVar("Opened")

_kept: ContextVar[dict[Any, Any] | None] = ContextVar("kept", default=None)


@contextmanager
def opened_once() -> Iterator[None]:
    """Let the same bundle, asked for with the same settings, be opened once inside the block."""
    token = _kept.set({})
    try:
        yield
    finally:
        _kept.reset(token)


def kept_open(open_predictor: "Callable[..., Opened]") -> "Callable[..., Opened]":
    """A function `(folder, *, threads=1)` that keeps what it opens for as long as an `opened_once` around it lasts."""

    @wraps(open_predictor)
    def opened(folder: Path, *, threads: int = 1) -> Opened:
        if (kept := _kept.get()) is None:
            return open_predictor(folder, threads=threads)
        key = (open_predictor, folder.resolve(), threads)
        if key not in kept:
            kept[key] = open_predictor(folder, threads=threads)
        found: Opened = kept[key]
        return found

    return opened
