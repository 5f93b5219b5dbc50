"""Requests that wait are answered together, by one thread, with no delay added to any of them."""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from components.serving.models import Model
from components.serving.problems import Problem
from components.serving.service import Answered, Options, at_once

log = logging.getLogger(__name__)

AT_ONCE = 64  # rows of one call
MOST_WAITING = 256  # rows; who comes then is sent away
PATIENCE = 10.0  # seconds until an answer must have begun
RETRY_AFTER = 1  # seconds
ENDING = 1.0  # seconds that the thread has for what it computes when all end


@dataclass(eq=False)
class Work:
    """Rows of one request and the model that had begun to serve when it came: it answers them, whatever comes after."""

    model: Model
    rows: Sequence[Any]
    options: Options
    loop: asyncio.AbstractEventLoop
    done: "asyncio.Future[list[Answered]]"
    waits: bool = field(default=True)  # in the queue: nobody has begun with it, or given it up

    def fail(self, error: BaseException) -> None:
        _soon(self.loop, _set, self.done, None, error)


class Batcher:
    """A queue of work and the thread that computes it, for all cases of a process."""

    def __init__(self) -> None:
        self._waiting: deque[Work] = deque()
        self._rows = 0
        self._there = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._compute, name="compute", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        with self._there:
            self._ended = True
            left = list(self._waiting)
            self._waiting.clear()
            self._rows = 0
            for work in left:
                work.waits = False
            self._there.notify()
        for work in left:
            work.fail(ending())
        self._thread.join(ENDING)

    @property
    def waiting(self) -> int:
        """Rows that nobody computes yet."""
        return self._rows

    @property
    def has_room(self) -> bool:
        """Whether so few wait that streams leave room for who asks once."""
        return 2 * self._rows < MOST_WAITING

    def admit(self) -> None:
        """Raises Problem 429 where too many wait already."""
        if self._rows >= MOST_WAITING:
            told = f"{self._rows} rows wait already; ask again in {RETRY_AFTER} s"
            raise Problem(429, told, headers={"Retry-After": str(RETRY_AFTER)})

    async def answer(
        self, model: Model, rows: Sequence[Any], options: Options, *, admitted: bool = False
    ) -> list[Answered]:
        """Answers to the rows, in their order; `admitted`: they are of a request that has been let in.

        Raises:
            Problem: 429 where too many wait already, 503 where the server ends, 504 where no answer began in time.
        """
        loop = asyncio.get_running_loop()
        work = Work(model, rows, options, loop, loop.create_future())
        if not admitted:
            self.admit()
        with self._there:
            if self._ended:
                raise ending()
            self._waiting.append(work)
            self._rows += len(rows)
            self._there.notify()
        patience = loop.call_later(PATIENCE, self._too_late, work)
        try:
            return await work.done
        finally:
            patience.cancel()
            self._withdraw(work)  # it waits no more, but where the client has gone before

    def _too_late(self, work: Work) -> None:
        """What has begun is waited for."""
        if self._withdraw(work):
            _set(work.done, None, too_late())

    def _withdraw(self, work: Work) -> bool:
        """Take back what nobody has begun with. Whether nobody had."""
        with self._there:
            if not work.waits:
                return False
            work.waits = False
            self._waiting.remove(work)
            self._rows -= len(work.rows)
        return True

    def _compute(self) -> None:
        while True:
            with self._there:
                while not self._waiting and not self._ended:
                    self._there.wait()
                if not self._waiting:
                    return
                taken = self._take()
            try:
                _answer(taken)
            except BaseException as error:
                log.exception("%s version %s: an answer failed", taken[0].model.case, taken[0].model.version)
                _answer_alone(taken, error)

    def _take(self) -> list[Work]:
        """The first of those that wait, and as many of its kind as one call takes."""
        first = self._waiting[0]
        most = at_once(first.model.service, AT_ONCE)
        taken: list[Work] = []
        rows = 0
        for work in list(self._waiting):
            if work.model is not first.model or work.options.key != first.options.key:
                continue
            if taken and rows + len(work.rows) > most:
                break
            taken.append(work)
            rows += len(work.rows)
        for work in taken:
            work.waits = False
            self._waiting.remove(work)
        self._rows -= rows
        return taken


def too_late() -> Problem:
    """504: nobody has begun with an answer."""
    return Problem(504, f"no answer began within {PATIENCE:g} s; the server is busy")


def ending() -> Problem:
    """503: nobody will begin with an answer any more."""
    return Problem(503, "the server ends")


def _answer_alone(taken: Sequence[Work], error: BaseException) -> None:
    """Answer each of those that failed together, but for those whose own fault it is."""
    if len(taken) == 1:
        taken[0].fail(error)
        return
    for work in taken:
        try:
            _answer([work])
        except BaseException as its:
            work.fail(its)


def _answer(taken: Sequence[Work]) -> None:
    rows = [row for work in taken for row in work.rows]
    answers: list[Answered] = []
    for start in range(0, len(rows), AT_ONCE):
        answers += taken[0].model.service.answer(rows[start : start + AT_ONCE], taken[0].options)
    loops: dict[asyncio.AbstractEventLoop, list[tuple[Work, list[Answered]]]] = {}  # each is woken once
    place = 0
    for work in taken:
        loops.setdefault(work.loop, []).append((work, answers[place : place + len(work.rows)]))
        place += len(work.rows)
    for loop, done in loops.items():
        _soon(loop, _finish, done)


def _soon(loop: asyncio.AbstractEventLoop, call: Callable[..., None], *given: Any) -> None:
    """Have the loop call it, unless it is closed, which is no reason for the thread to end."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(call, *given)


def _finish(done: Sequence[tuple[Work, list[Answered]]]) -> None:
    for work, answers in done:
        _set(work.done, answers, None)


def _set(done: "asyncio.Future[list[Answered]]", answers: list[Answered] | None, error: BaseException | None) -> None:
    if done.done():
        return  # the client has gone
    if error is not None:
        done.set_exception(error)
    else:
        assert answers is not None
        done.set_result(answers)
