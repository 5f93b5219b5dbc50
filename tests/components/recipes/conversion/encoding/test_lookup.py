"""The index over keys, against a dictionary."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.recipes.conversion.encoding.lookup import FEW, GOLDEN, KeyIndex

KEYS = st.integers(0, 2**62)


@given(st.sets(KEYS | st.integers(0, 40), max_size=60), st.lists(KEYS | st.integers(0, 40), max_size=60))
def test_finds_the_rows_that_a_dictionary_has(held: set[int], others: list[int]) -> None:
    keys = np.array(sorted(held), np.int64)
    asked = np.array(sorted(held) + others, np.int64)
    rows = {key: row for row, key in enumerate(sorted(held))}
    expected = [rows.get(key, -1) for key in asked.tolist()]
    index = KeyIndex(keys)
    assert [int(index.find(np.array([key]))[0]) for key in asked.tolist()] == expected  # searched for
    index.fill()
    times = FEW // max(1, len(asked)) + 1
    assert index.find(np.tile(asked, times)).tolist() == expected * times  # looked up


def test_few_keys_are_searched_for_and_many_looked_up_once_as_many_were_asked_for_as_there_are() -> None:
    index = KeyIndex(np.arange(3, 3 + 3 * (FEW + 1), 3))
    many, few = np.arange(FEW + 1), np.arange(FEW)
    expected = [key // 3 - 1 if key % 3 == 0 else -1 for key in range(FEW + 1)]
    for _ in range(3):
        assert index.find(few).tolist() == expected[:-1]
    assert not index.filled
    assert index.find(many).tolist() == expected
    assert not index.filled
    assert index.find(many).tolist() == expected
    assert index.filled
    assert index.find(few).tolist() == expected[:-1]


def in_one_slot(count: int, slot: int, bits: int) -> np.ndarray:
    """The first keys that all want the same of `2 ** bits` slots."""
    found = (key for key in itertools.count() if (key * int(GOLDEN)) % 2**64 >> (64 - bits) == slot)
    return np.array(list(itertools.islice(found, count)), np.int64)


# So few keys lie next to each other; both go on at slot 0.
@pytest.mark.parametrize(("held", "slot", "bits"), [(7, 14, 4), (20, 60, 6)])
def test_crowded_slots_are_walked_through(held: int, slot: int, bits: int) -> None:
    keys = in_one_slot(held + 3, slot, bits)
    index = KeyIndex(keys[:held])
    assert index.nbytes == 4 * 2**bits
    index.fill()
    times = FEW // (held + 3) + 1
    assert index.find(np.tile(keys, times)).tolist() == [*range(held), -1, -1, -1] * times
    elsewhere = in_one_slot(2, 1, bits)  # their own slot is taken by keys that were crowded out
    assert index.find(np.tile(elsewhere, FEW)).tolist() == [-1, -1] * FEW
