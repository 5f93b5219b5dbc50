"""Rows and answers for monitoring, written by a thread of their own: no request waits for a disk."""

import logging
import queue
import random
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.core.params.monitor import PredictionLog
from components.serving.metrics import Figures
from components.serving.service import MEBIBYTE

log = logging.getLogger(__name__)

ROOM = 20_000  # rows that may wait for the disk
ROOM_FOR_FILES = 64 * MEBIBYTE  # of which so many bytes may be files, such as images
WRITTEN_EVERY = 10.0  # seconds
WAITING_ENDS = 10.0  # seconds that the last file is waited for


@dataclass(frozen=True)
class Asked:
    """One row of a request as raw rows, mostly one, and the scores that a version gave it."""

    case: str
    version: str
    rows: Sequence[Mapping[str, Any]]
    told: Mapping[str, Any]
    beside: str  # the role of a version that is not the champion

    @property
    def file_bytes(self) -> int:
        return sum(len(cell) for row in self.rows for cell in row.values() if isinstance(cell, bytes))


class Keeper:
    """Adds rows to the log of `casebook predict`: of what comes between two files at most `rows`, at random."""

    def __init__(
        self, root: Path, params: Mapping[str, PredictionLog], figures: Figures, every: float = WRITTEN_EVERY
    ) -> None:
        self._root, self._params, self._figures, self._every = root, params, figures, every
        self._queue: queue.Queue[Asked] = queue.Queue(ROOM)
        self._files = 0  # bytes in the queue
        self._lock = threading.Lock()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="log", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Write what has come, and end."""
        self._end.set()
        self._thread.join(WAITING_ENDS)

    def add(
        self,
        case: str,
        version: str,
        rows: Sequence[Sequence[Mapping[str, Any]]],
        told: Sequence[Mapping[str, Any]],
        *,
        beside: str = "",
    ) -> None:
        """Take rows in, unless the case keeps none or there is no room. What is tried `beside` the champion has a log
        of its own, which monitoring does not read.
        """
        params = self._params.get(case)
        if params is None or not params.enabled:
            return
        for asked, said in zip(rows, told, strict=True):
            if asked and not self._take(Asked(case, version, asked, said, beside)):
                self._figures.log_dropped.labels(case).inc()

    def _take(self, one: Asked) -> bool:
        """Whether there was room for it."""
        if not self._has_room(one.file_bytes):
            return False
        try:
            self._queue.put_nowait(one)
        except queue.Full:
            self._has_room(-one.file_bytes)
            return False
        return True

    def _has_room(self, more: int) -> bool:
        """Whether there is room for so many bytes of files, which then is taken; what was taken comes back below 0."""
        with self._lock:
            if more and self._files + more > ROOM_FOR_FILES:
                return False
            self._files += more
            return True

    def _keep(self) -> None:
        while not self._end.wait(self._every):
            self._write()
        self._write()

    def _write(self) -> None:
        came: dict[tuple[str, str], list[Asked]] = {}
        while True:
            try:
                one = self._queue.get_nowait()
            except queue.Empty:
                break
            self._has_room(-one.file_bytes)
            came.setdefault((one.case, one.beside), []).append(one)
        found: dict[tuple[str, str, str, frozenset[str]], list[Asked]] = {}
        for (case, beside), asked in came.items():
            for one in _sampled(asked, self._params[case].rows):
                # Rows of other columns are another file: who is named alone is not who has an empty cell for an item.
                found.setdefault((case, one.version, beside, frozenset(one.rows[0])), []).append(one)
        for (case, version, beside, _), asked in found.items():
            try:
                self._append(case, version, beside, asked)
            except Exception as error:  # of whatever kind: a thread that ends would log nothing more, and tell nobody
                self._figures.log_failed.inc()
                log.warning("%s: %d row(s) are not logged: %s", case, len(asked), error)

    def _append(self, case: str, version: str, beside: str, asked: Sequence[Asked]) -> None:
        import pandas as pd  # a second of work, which no answer waits for

        from components.monitoring.log import append

        params = self._params[case]
        rows = pd.DataFrame([row for one in asked for row in one.rows])
        told = pd.DataFrame([one.told for one in asked for _ in one.rows])
        append(self._root, case, rows, told, version, params, beside=beside)


def _sampled(asked: list[Asked], most: int) -> list[Asked]:
    """Those at random that have at most so many rows together."""
    if sum(len(one.rows) for one in asked) <= most:
        return asked
    random.shuffle(asked)
    found, count = [], 0
    for one in asked:
        if count + len(one.rows) <= most:
            found.append(one)
            count += len(one.rows)
    return found
