"""Two queues: who is let in, once for all rows of a request, and where a stream waits for room."""

import asyncio

import pytest

from components.serving import batches, queues
from components.serving.canary import Canary
from components.serving.metrics import Figures
from components.serving.models import Model
from components.serving.problems import Problem
from components.serving.queues import Queues
from components.serving.service import Options
from tests.components.serving.doubling import Doubling, Standing, doubles, model_of


def test_what_is_answered_one_by_one_holds_nobody_else_up():
    """An image that takes its time, and rows that come meanwhile."""

    async def ask() -> None:
        found, image, rows = Queues(), Doubling(), Doubling()
        image.at_once = 1
        found.start()
        image.go.clear()
        try:
            slow = [asyncio.ensure_future(found.answer(model_of(image), [number], Options())) for number in (1, 2)]
            await asyncio.sleep(0.05)
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
            await asyncio.sleep(0.05)
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


def test_a_request_whose_rows_two_versions_answer_is_let_in_once(monkeypatch):
    """Ten rows, where five that wait are enough to send who comes away: the second part is not one that comes."""
    monkeypatch.setattr(batches, "MOST_WAITING", 1)
    champion, candidate = model_of(Doubling()), model_of(Doubling(), "2", is_champion=False)
    canary, rows = canary_of(candidate), list(range(10))
    his = [row for row in rows if canary.takes(candidate, row, None)]
    assert 0 < len(his) < 10

    async def ask() -> None:
        found = Queues()
        task = asyncio.create_task(canary.answer(found, champion, rows, Options(), None))
        while found.waiting < 10 and not task.done():
            await asyncio.sleep(0)
        with pytest.raises(Problem) as refused:
            await canary.answer(found, champion, [1], Options(), None)
        assert refused.value.status == 429
        found.start()  # nobody has computed anything until now
        try:
            answers = await task
        finally:
            found.stop()
        assert doubles(answers) == [0, 2, 4, 6, 8, 10, 12, 14, 16, 18]
        assert [row for row in rows if answers[row].version == "2"] == his

    asyncio.run(ask())


def test_what_the_canary_fails_at_is_answered_by_the_champion_though_others_wait_by_then(monkeypatch):
    service = Doubling()
    champion, candidate = model_of(service), model_of(Doubling(), "2", is_champion=False)
    monkeypatch.setattr(candidate.service, "answer", lambda *_: 1 / 0)
    monkeypatch.setattr(batches, "MOST_WAITING", 1)
    canary, rows = canary_of(candidate), list(range(10))

    async def ask() -> None:
        found = Queues()
        task = asyncio.create_task(canary.answer(found, champion, rows, Options(), None))
        while found.waiting < 10 and not task.done():
            await asyncio.sleep(0)
        other = asyncio.create_task(found.answer(champion, [7] * 5, Options(explain="never"), admitted=True))
        await asyncio.sleep(0)
        found.start()
        try:
            assert doubles(await task) == [0, 2, 4, 6, 8, 10, 12, 14, 16, 18]
            assert doubles(await other) == [14] * 5
        finally:
            found.stop()

    asyncio.run(ask())


def canary_of(candidate: Model) -> Canary:
    """Of half of the rows."""
    return Canary(Standing(candidate), 50.0, Figures())  # type: ignore[arg-type] # it stands there


def test_a_stream_waits_until_less_than_half_of_the_queue_is_taken_and_not_for_ever(monkeypatch):
    monkeypatch.setattr(batches, "MOST_WAITING", 4)
    monkeypatch.setattr(queues, "BREATH", 0.001)
    model = model_of(Doubling())

    async def ask() -> list[int]:
        found = Queues()
        await found.room(model, [0] * 64)  # nobody waits
        one = asyncio.create_task(found.answer(model, [1], Options()))
        await asyncio.sleep(0)
        await found.room(model, [0] * 64)  # one of four
        other = asyncio.create_task(found.answer(model, [2], Options()))
        await asyncio.sleep(0)
        with monkeypatch.context() as impatient:
            impatient.setattr(batches, "PATIENCE", 0.01)
            with pytest.raises(Problem, match=r"within 0\.01 s") as late:
                await found.room(model, [0])  # two of four
        waits = asyncio.create_task(found.room(model, [0]))
        await asyncio.sleep(0.01)
        assert not waits.done()
        found.start()
        try:
            await asyncio.wait_for(waits, 5)
            return [late.value.status, *doubles([*await one, *await other])]
        finally:
            found.stop()

    assert asyncio.run(ask()) == [504, 2, 4]


def test_a_stream_of_images_leaves_half_of_the_bytes_to_others(monkeypatch):
    monkeypatch.setattr(queues, "MOST_BYTES", 100)
    monkeypatch.setattr(queues, "BREATH", 0.001)
    service = Doubling()
    service.at_once = 1  # type: ignore[attr-defined] # it may have it
    model = model_of(service)

    async def ask() -> int:
        found = Queues()
        await found.room(model, [{"n": 1, "image": "a" * 200}])  # alone it may be of any size
        waits = asyncio.create_task(found.answer(model, [{"n": 1, "image": "a" * 20}], Options()))
        await asyncio.sleep(0)
        await found.room(model, [{"n": 1, "image": "a" * 30}])
        with monkeypatch.context() as impatient:
            impatient.setattr(batches, "PATIENCE", 0.01)
            with pytest.raises(Problem) as late:
                await found.room(model, [{"n": 1, "image": "a" * 31}])
        waits.cancel()
        await asyncio.wait([waits])
        await found.room(model, [{"n": 1, "image": "a" * 31}])  # who went away takes no room
        return late.value.status

    assert asyncio.run(ask()) == 504
