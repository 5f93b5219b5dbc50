"""`make test-long` draws many examples where `make test` draws few."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.examples import LONG, examples


@pytest.fixture
def long() -> Iterator[None]:
    settings.load_profile("long")
    yield
    settings.load_profile("shared")


def test_a_test_draws_as_many_as_it_says() -> None:
    assert [examples(few) for few in (5, 100)] == [5, 100]


@pytest.mark.usefixtures("long")
def test_a_long_search_draws_many_times_as_many() -> None:
    assert [examples(few) for few in (5, 100)] == [5 * LONG, 100 * LONG]
    assert settings.default is not None
    assert (settings.default.derandomize, settings.default.print_blob) == (False, True)
