"""Locks of files that the operating system frees when their holder dies."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

log = logging.getLogger(__name__)


def file_lock(path: Path, **options: Any) -> FileLock:
    """A lock that the operating system frees when its holder dies, however it dies; not yet taken.

    Where a file system has no such locks this is an error: filelock would take the mere existence of the file
    for a lock, and one that a killed process left would be waited for for ever.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(path, fallback_to_soft=False, **options)


def is_held(path: Path) -> bool:
    """Whether any process, this one included, holds the lock of `path`."""
    try:
        with file_lock(path, blocking=False):
            return False
    except Timeout:
        return True


@contextmanager
def held_lock(path: Path, purpose: str) -> Iterator[None]:
    """Hold the lock of `path`, waiting for whoever holds it and saying so."""
    lock = file_lock(path, on_acquired=_write_process_id)
    try:
        held = lock.acquire(blocking=False)
    except Timeout:
        holder = path.read_text(encoding="utf-8").strip() or "?"
        log.warning("%s: process %s is at it; waiting for it to end", purpose, holder)
        held = lock.acquire()
    with held:
        yield


def _write_process_id(descriptor: int) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
