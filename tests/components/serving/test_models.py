"""Who should stand somewhere: what does not open, and what a promotion means for who is open already."""

from pathlib import Path

import pytest

from components.core.errors import CasebookError
from components.registry.finding import Served
from components.serving import models
from components.serving.models import Model, Opening


@pytest.fixture
def opened(monkeypatch) -> list[str]:
    """Versions that were opened, in their order; `broken` ones do not."""
    found: list[str] = []

    def open_model(job, served: Served) -> Model:
        found.append(served.version)
        if served.version == "3":
            raise CasebookError("no bundle")
        return Model(job.case, served.version, None, Path("card.md"), served.is_champion)

    monkeypatch.setattr(models, "open_model", open_model)
    return found


class Registry:
    """Names the version that should stand there, as a finder does."""

    def __init__(self, version: str, *, is_champion: bool = True) -> None:
        self.found = Served(version, Path("bundle"), is_champion, None)

    def __call__(self, _job, _which) -> Served:
        return self.found


def test_what_does_not_open_is_tried_again_after_a_while_and_told_once(prepared, opened, monkeypatch):
    told: list[str] = []
    find = Registry("1")
    opening = Opening(prepared, None, find, told.append)
    first = opening.look(None)
    find.found = Registry("3").found
    assert [opening.look(first) for _ in range(3)] == [first] * 3
    assert (opened, told, opening.trouble) == (["1", "3"], ["no bundle"], "no bundle")

    monkeypatch.setattr(models, "TRIED_AGAIN", 0.0)
    find.found = Registry("2").found  # another one is opened at once
    second = opening.look(first)
    assert (second.version, opening.trouble) == ("2", "")
    find.found = Registry("3").found
    monkeypatch.setattr(models.time, "monotonic", lambda: 1e12)  # a minute later
    assert opening.look(second) is second
    assert opened == ["1", "3", "2", "3"]


def test_who_is_open_learns_that_it_is_the_champion_no_more(prepared, opened):
    find = Registry("1")
    opening = Opening(prepared, "1", find, pytest.fail)
    first = opening.look(None)
    find.found = Registry("1", is_champion=False).found
    other = opening.look(first)
    assert (first.is_champion, other.is_champion, other.version) == (True, False, "1")
    assert opening.look(other) is other
    assert opened == ["1"]


def test_nothing_stands_beside_the_champion_that_is_the_champion(prepared, opened):
    find = Registry("2", is_champion=False)
    opening = Opening(prepared, "candidate", find, pytest.fail, beside=True)
    assert opening.look(None).version == "2"
    find.found = Registry("2").found
    assert opening.look(None) is None
    assert opened == ["2"]
