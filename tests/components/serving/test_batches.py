"""The queue: what waits is answered together, whoever is wrong alone is told alone, and nobody waits for ever."""

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from components.serving import batches, queues
from components.serving.batches import Batcher
from components.serving.models import Model
from components.serving.problems import Problem
from components.serving.queues import Queues
from components.serving.service import Answered, Options


class Doubling:
    """Answers numbers by their doubles, and notes what it was asked at once; it tells that it has begun, and waits."""

    def __init__(self) -> None:
        self.calls: list[list[Any]] = []
        self.begun, self.go = threading.Event(), threading.Event()
        self.go.set()

    def answer(self, rows: Sequence[Any], options: Options) -> list[Answered]:
        self.begun.set()
        assert self.go.wait(60)
        self.calls.append(list(rows))
        if "broken" in rows:
            raise ValueError("a fault")
        return [Answered({"double": 2 * row, "explain": options.explain}) for row in rows]


def model_of(service: Doubling, version: str = "1") -> Model:
    return Model("toy", version, service, Path(), is_champion=True)  # type: ignore[arg-type] # answers are all it needs


@pytest.fixture
def batcher():
    found = Batcher()
    found.start()
    yield found
    found.stop()


async def has_begun(service: Doubling) -> None:
    assert await asyncio.to_thread(service.begun.wait, 20)


async def waits(queue: Batcher | Queues, rows: int) -> None:
    """Until so many rows do."""
    async with asyncio.timeout(20):
        while queue.waiting != rows:
            await asyncio.sleep(0)


def doubles(answers: list[Answered]) -> list[int]:
    return [dict(one.values or {})["double"] for one in answers]


def test_what_waits_is_answered_together_and_each_gets_its_own(batcher):
    service = Doubling()
    model = model_of(service)

    async def ask() -> list[list[Answered]]:
        service.go.clear()
        first = asyncio.create_task(batcher.answer(model, [1], Options()))
        await has_begun(service)  # the others wait
        others = [asyncio.create_task(batcher.answer(model, rows, Options())) for rows in ([2, 3], [4], [5])]
        await waits(batcher, 4)
        service.go.set()
        return await asyncio.gather(first, *others)

    assert [doubles(one) for one in asyncio.run(ask())] == [[2], [4, 6], [8], [10]]
    assert service.calls == [[1], [2, 3, 4, 5]]
    assert batcher.waiting == 0


def test_only_what_is_asked_alike_of_one_model_is_answered_together(batcher):
    service, other = Doubling(), Doubling()

    async def ask() -> list[list[Answered]]:
        service.go.clear()
        asked = [
            (service, [0], Options()),
            (service, [1], Options()),
            (service, [2], Options(explain="never")),
            (other, [3], Options()),
            (service, [4], Options()),
        ]
        models = {id(service): model_of(service), id(other): model_of(other, "2")}
        tasks = []
        for place, (one, rows, options) in enumerate(asked):
            tasks.append(asyncio.create_task(batcher.answer(models[id(one)], rows, options)))
            await (waits(batcher, place) if place else has_begun(service))
        service.go.set()
        return await asyncio.gather(*tasks)

    found = asyncio.run(ask())
    assert [doubles(one) for one in found] == [[0], [2], [4], [6], [8]]
    assert service.calls == [[0], [1, 4], [2]]
    assert other.calls == [[3]]


def test_a_call_takes_64_rows_and_a_longer_request_several_calls(batcher):
    service = Doubling()
    answers = asyncio.run(batcher.answer(model_of(service), list(range(150)), Options()))
    assert doubles(answers) == [2 * row for row in range(150)]
    assert [len(call) for call in service.calls] == [64, 64, 22]


def test_a_fault_is_told_to_who_asked_and_the_next_is_answered(batcher):
    service = Doubling()
    with pytest.raises(ValueError, match="a fault"):
        asyncio.run(batcher.answer(model_of(service), ["broken"], Options()))
    assert doubles(asyncio.run(batcher.answer(model_of(service), [7], Options()))) == [14]


def test_who_comes_where_256_rows_wait_is_sent_away(batcher):
    service = Doubling()

    async def ask() -> int:
        service.go.clear()
        model = model_of(service)
        tasks = [asyncio.create_task(batcher.answer(model, [0], Options()))]
        await has_begun(service)
        tasks.append(asyncio.create_task(batcher.answer(model, [1] * 255, Options())))
        await waits(batcher, 255)
        tasks.append(asyncio.create_task(batcher.answer(model, [2], Options())))  # the 256th: it may wait
        await waits(batcher, 256)
        with pytest.raises(Problem) as refused:
            await batcher.answer(model, [3], Options())
        service.go.set()
        await asyncio.gather(*tasks)
        return refused.value.status

    assert asyncio.run(ask()) == 429


def test_an_answer_that_does_not_begin_in_time_is_none_and_is_not_computed_later(batcher, monkeypatch):
    service = Doubling()

    async def ask() -> int:
        service.go.clear()
        model = model_of(service)
        begun = asyncio.create_task(batcher.answer(model, [1], Options()))
        await has_begun(service)
        monkeypatch.setattr(batches, "PATIENCE", 0.05)
        with pytest.raises(Problem) as late:
            await batcher.answer(model, [2], Options())
        service.go.set()
        assert doubles(await begun) == [2]  # what has begun is waited for
        return late.value.status

    assert asyncio.run(ask()) == 504
    assert service.calls == [[1]]
    assert batcher.waiting == 0


def test_what_is_answered_one_by_one_holds_nobody_else_up():
    """An image that takes its time, and rows that come meanwhile."""

    async def ask() -> None:
        found, image, rows = Queues(), Doubling(), Doubling()
        image.at_once = 1
        found.start()
        image.go.clear()
        try:
            slow = [asyncio.ensure_future(found.answer(model_of(image), [number], Options())) for number in (1, 2)]
            await has_begun(image)
            await waits(found, 1)
            assert doubles(await found.answer(model_of(rows), [3, 4], Options())) == [6, 8]
            assert not slow[0].done()
            assert found.waiting == 1
            image.go.set()
            assert [doubles(await one) for one in slow] == [[2], [4]]
            assert image.calls == [[1], [2]]
        finally:
            found.stop()

    asyncio.run(ask())


def test_images_that_wait_are_no_more_than_memory_holds(monkeypatch):
    monkeypatch.setattr(queues, "MOST_BYTES", 100)

    async def ask() -> None:
        found, image = Queues(), Doubling()
        image.at_once = 1
        found.start()
        image.go.clear()
        row = {"image": "a" * 60}
        try:
            first = asyncio.ensure_future(found.answer(model_of(image), ["broken", row], Options()))
            await has_begun(image)
            with pytest.raises(Problem) as problem:
                await found.answer(model_of(image), [row], Options())
            assert (problem.value.status, problem.value.headers) == (429, {"Retry-After": "5"})
            image.go.set()
            with pytest.raises(ValueError, match="a fault"):
                await first
            assert doubles(await found.answer(model_of(image), [7], Options())) == [14]
        finally:
            found.stop()

    asyncio.run(ask())
