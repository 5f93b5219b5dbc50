"""The queue: what waits is answered together, whoever is wrong alone is told alone, and nobody waits for ever."""

import asyncio

import pytest

from components.serving import batches
from components.serving.batches import Batcher
from components.serving.problems import Problem
from components.serving.service import Answered, Options
from tests.components.serving.doubling import Doubling, doubles, model_of


@pytest.fixture
def batcher():
    found = Batcher()
    found.start()
    yield found
    found.stop()


async def until_nobody_waits(batcher: Batcher) -> None:
    """Until what was asked just now is being computed."""
    await asyncio.sleep(0)
    while batcher.waiting:
        await asyncio.sleep(0.001)


async def until_there_wait(batcher: Batcher, rows: int) -> None:
    async with asyncio.timeout(20):
        while batcher.waiting != rows:
            await asyncio.sleep(0)


def test_what_waits_is_answered_together_and_each_gets_its_own(batcher):
    service = Doubling()
    model = model_of(service)

    async def ask() -> list[list[Answered]]:
        service.go.clear()
        first = asyncio.create_task(batcher.answer(model, [1], Options()))
        await until_nobody_waits(batcher)  # it is being computed; the others wait
        others = [asyncio.create_task(batcher.answer(model, rows, Options())) for rows in ([2, 3], [4], [5])]
        await until_there_wait(batcher, 4)
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
            await (until_there_wait(batcher, place) if place else until_nobody_waits(batcher))
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
        await until_nobody_waits(batcher)
        tasks.append(asyncio.create_task(batcher.answer(model, [1] * 255, Options())))
        await until_there_wait(batcher, 255)
        tasks.append(asyncio.create_task(batcher.answer(model, [2], Options())))  # the 256th: it may wait
        await until_there_wait(batcher, 256)
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
        await until_nobody_waits(batcher)
        monkeypatch.setattr(batches, "PATIENCE", 0.05)
        with pytest.raises(Problem) as late:
            await batcher.answer(model, [2], Options())
        service.go.set()
        assert doubles(await begun) == [2]  # what has begun is waited for
        return late.value.status

    assert asyncio.run(ask()) == 504
    assert service.calls == [[1]]
    assert batcher.waiting == 0


def test_whose_fault_it_is_fails_alone_and_those_beside_it_are_answered(batcher):
    service = Doubling()

    async def ask() -> list[list[Answered] | BaseException]:
        service.go.clear()
        model = model_of(service)
        first = asyncio.create_task(batcher.answer(model, [0], Options()))
        await until_nobody_waits(batcher)  # it is being computed; the others wait
        others = [batcher.answer(model, rows, Options()) for rows in ([1, 2], ["broken"], [3])]
        tasks = [first, *map(asyncio.create_task, others)]
        await asyncio.sleep(0)
        service.go.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    zero, good, broken, last = asyncio.run(ask())
    assert [doubles(one) for one in (zero, good, last)] == [[0], [2, 4], [6]]  # type: ignore[arg-type] # no faults
    assert repr(broken) == "ValueError('a fault')"
    assert service.calls == [[0], [1, 2, "broken", 3], [1, 2], ["broken"], [3]]


def test_who_goes_away_waits_no_more_and_is_not_computed(batcher):
    service = Doubling()

    async def ask() -> None:
        service.go.clear()
        model = model_of(service)
        begun = asyncio.create_task(batcher.answer(model, [1], Options()))
        await until_nobody_waits(batcher)
        gone = asyncio.create_task(batcher.answer(model, [2, 3], Options()))
        await asyncio.sleep(0)
        assert batcher.waiting == 2
        gone.cancel()
        await asyncio.wait([gone])
        assert (gone.cancelled(), batcher.waiting) == (True, 0)
        service.go.set()
        assert doubles(await begun) == [2]

    asyncio.run(ask())
    assert service.calls == [[1]]


def test_who_waits_when_all_ends_is_told_at_once_and_who_comes_then_too(monkeypatch):
    monkeypatch.setattr(batches, "ENDING", 0.01)
    service, batcher = Doubling(), Batcher()
    batcher.start()

    async def ask() -> list[int]:
        service.go.clear()
        model = model_of(service)
        begun = asyncio.create_task(batcher.answer(model, [1], Options()))
        await until_nobody_waits(batcher)
        waits = asyncio.create_task(batcher.answer(model, [2], Options()))
        await asyncio.sleep(0)
        batcher.stop()
        found = []
        for late in (waits, batcher.answer(model, [3], Options())):
            with pytest.raises(Problem, match="the server ends") as told:
                await asyncio.wait_for(late, 5)
            found.append(told.value.status)
        service.go.set()
        assert doubles(await begun) == [2]  # what has begun is answered as long as there is somebody to hear it
        return found

    assert asyncio.run(ask()) == [503, 503]
    assert batcher.waiting == 0
    assert service.calls == [[1]]


def test_a_loop_that_is_closed_before_its_answer_ends_no_thread(batcher):
    service = Doubling()
    service.go.clear()

    async def go_away() -> None:
        asyncio.create_task(batcher.answer(model_of(service), [1], Options()))  # noqa: RUF006 - it is left
        await until_nobody_waits(batcher)

    asyncio.run(go_away())
    service.go.set()
    assert doubles(asyncio.run(batcher.answer(model_of(service), [2], Options()))) == [4]
