"""A version that answers beside the champion, unseen: what it would have said differs how much and how often."""

import logging
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from multiprocessing.reduction import ForkingPickler
from typing import Any

from components.core.job import AnyJob
from components.serving.comparing import FAILED, NOT_COMPARED, Beheld, Compared, Standing, answer_beside
from components.serving.kept import Keeper
from components.serving.metrics import Figures
from components.serving.models import Finder
from components.serving.service import Answered, Options

log = logging.getLogger(__name__)

SHADOW = "shadow"  # the role in figures, and the folder of its log
ROOM = 1_024  # rows that may wait for it; more are left out and counted
ROOM_BYTES = 32 * 2**20  # of them together, such as images
NUMBER = 32  # bytes
HEARD_EVERY = 0.5  # seconds
PATIENCE = 120.0  # seconds that one request's rows may take it
RESTED = 5.0  # seconds until a process that has ended is started anew


class Shadow:
    """A bounded queue, a thread that carries it to the process that answers, and what came back told as figures and
    kept in a log of its own. Nobody waits for any of them.
    """

    def __init__(
        self, jobs: Sequence[AnyJob], which: str, every: float, finder: Finder, figures: Figures, keeper: Keeper
    ) -> None:
        self._asked = (list(jobs), which, every, finder)
        self._figures, self._keeper = figures, keeper
        self._serves: dict[str, str | None] = {}
        self._waiting: deque[tuple[Beheld, int]] = deque()
        self._rows = self._bytes = 0
        self._there = threading.Condition()
        self._ended = threading.Event()
        self._process: SpawnProcess | None = None
        self._thread = threading.Thread(target=self._carry, name=SHADOW, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End, whatever still waits: what was answered has been answered."""
        self._ended.set()
        with self._there:
            self._there.notify()
        if (process := self._process) is not None and process.pid is not None:
            process.kill()
        self._thread.join(RESTED)

    def see(
        self, case: str, version: str, rows: Sequence[Any], answers: Sequence[Answered], options: Options, *, log: bool
    ) -> None:
        """Take in what a version has answered, where there is room, and where another one is open beside it."""
        if not rows or self._serves.get(case) in (None, version):
            return
        size = sum(map(_size, rows))
        with self._there:
            if self._rows and (self._rows + len(rows) > ROOM or self._bytes + size > ROOM_BYTES):
                self._figures.shadow_dropped.labels(case).inc(len(rows))
                return
            values, told = [_compared(one) for one in answers], [one.told for one in answers]
            kept = [one.kept for one in answers] if log else None
            self._waiting.append((Beheld(case, version, rows, options, values, told, kept), size))
            self._rows += len(rows)
            self._bytes += size
            self._there.notify()

    def _carry(self) -> None:
        while not self._ended.is_set():
            line, other = get_context("spawn").Pipe()
            arguments = (other, *self._asked)
            self._process = get_context("spawn").Process(target=answer_beside, args=arguments, daemon=True, name=SHADOW)
            try:
                self._process.start()
                other.close()
                self._feed(line)
            except Exception as error:  # of whatever kind: nobody else starts it again
                if not self._ended.is_set():
                    self._lost(f"{type(error).__name__} {error}".strip())
            finally:
                line.close()
                if self._process.pid is not None:
                    self._process.kill()
                    self._process.join(RESTED)
            self._ended.wait(RESTED)

    def _feed(self, line: Connection) -> None:
        while not self._ended.is_set():
            beheld = self._take()
            while line.poll():
                self._stands(line.recv())
            if beheld is None:
                continue
            lost = [Compared(FAILED)] * len(beheld.rows)
            try:
                body = ForkingPickler.dumps(replace(beheld, kept=None))
            except Exception:  # of whatever kind: an option that cannot travel costs no process
                self._count(beheld, self._serves.get(beheld.case), lost)
                continue
            try:
                line.send_bytes(body)
                version, found = self._reply(line)
            except Exception:
                self._count(beheld, self._serves.get(beheld.case), lost)
                raise
            self._count(beheld, version, found)

    def _take(self) -> Beheld | None:
        with self._there:
            if not self._waiting:
                self._there.wait(HEARD_EVERY)
            if not self._waiting:
                return None
            beheld, size = self._waiting.popleft()
            self._rows -= len(beheld.rows)
            self._bytes -= size
            return beheld

    def _reply(self, line: Connection) -> tuple[str | None, list[Compared]]:
        deadline = time.monotonic() + PATIENCE
        while line.poll(max(deadline - time.monotonic(), 0)):
            heard = line.recv()
            if not isinstance(heard, Standing):
                version, found = heard
                return version, found
            self._stands(heard)
        raise TimeoutError(f"no answer within {PATIENCE:g} s")

    def _count(self, beheld: Beheld, version: str | None, found: Sequence[Compared]) -> None:
        if version is None:
            return  # it has become the champion meanwhile
        for one in found:
            self._figures.shadow_rows.labels(beheld.case, version, one.outcome).inc()
            if one.difference is not None:
                self._figures.shadow_difference.labels(beheld.case).observe(one.difference)
        if beheld.kept is not None:
            said = [_logged(beheld.champion, told, one) for told, one in zip(beheld.told, found, strict=True)]
            kept = [(row,) if rows is None else rows for row, rows in zip(beheld.rows, beheld.kept, strict=True)]
            self._keeper.add(beheld.case, version, kept, said, beside=SHADOW)

    def _stands(self, now: Standing) -> None:
        if self._serves.get(now.case) != now.version:
            said = "no shadow" if now.version is None else f"version {now.version} answers as the champion's shadow"
            log.info("%s: %s", now.case, said)
        if now.trouble:
            log.error("%s: trouble with the shadow, the champion serves: %s", now.case, now.trouble)
        self._serves[now.case] = now.version
        self._figures.stands(now.case, SHADOW, now.version, now.trouble)

    def _lost(self, why: str) -> None:
        log.error("the process of the shadow has ended, another one starts; the champion serves: %s", why)
        with self._there:
            self._waiting.clear()
            self._rows = self._bytes = 0
        for case in self._serves:
            self._serves[case] = None
            self._figures.stands(case, SHADOW, None, why)


def _compared(one: Answered) -> dict[str, Any]:
    return {name: value for name, value in (one.values or {}).items() if name not in NOT_COMPARED}


def _size(row: Any) -> int:
    """About the bytes of a row, or of what is in it: a history has many."""
    if isinstance(row, str | bytes):
        return len(row)
    if isinstance(row, Mapping):
        return sum(map(_size, row.values()))
    return sum(map(_size, row)) if isinstance(row, list | tuple) else NUMBER


def _logged(champion: str, told: Mapping[str, Any], one: Compared) -> dict[str, Any]:
    """A row of the log: the scores of both, and how they differ."""
    mine = {f"shadow.{name}": score for name, score in one.told.items()}
    theirs = {f"champion.{name}": score for name, score in told.items()}
    return {**mine, **theirs, "champion": champion, "outcome": one.outcome, "difference": one.difference}
