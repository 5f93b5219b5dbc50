"""The index over keys, against a dictionary."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.recipes.conversion.encoding.lookup import GOLDEN, KeyIndex

KEYS = st.integers(0, 2**62)


@given(st.sets(KEYS | st.integers(0, 40), max_size=60), st.lists(KEYS | st.integers(0, 40), max_size=60))
def test_finds_the_rows_that_a_dictionary_has(held: set[int], others: list[int]) -> None:
    keys = np.array(sorted(held), np.int64)
    asked = np.array(sorted(held) + others, np.int64)
    rows = {key: row for row, key in enumerate(sorted(held))}
    expected = [rows.get(key, -1) for key in asked.tolist()]
    index = KeyIndex(keys)
    assert [int(index.find(np.array([key]))[0]) for key in asked.tolist()] == expected  # searched for, then looked up
    assert index.find(asked).tolist() == expected


def test_the_slots_are_filled_when_as_many_were_asked_for_as_there_are_keys() -> None:
    index = KeyIndex(np.array([3, 5, 8], np.int64))
    assert index.find(np.array([5, 4])).tolist() == [1, -1]
    assert index.find(np.array([9])).tolist() == [-1]
    assert index._rows is None
    assert index.find(np.array([8])).tolist() == [2]
    assert index._rows is not None
    assert sorted(index._rows[index._rows >= 0]) == [0, 1, 2]
    assert index.find(np.array([3, 7])).tolist() == [0, -1]


def in_one_slot(count: int, slot: int, bits: int) -> np.ndarray:
    """The first keys that all want the same of `2 ** bits` slots."""
    found = (key for key in itertools.count() if (key * int(GOLDEN)) % 2**64 >> (64 - bits) == slot)
    return np.array(list(itertools.islice(found, count)), np.int64)


# So few keys lie next to each other and within one look ahead, so many over three of them; both go on at slot 0.
@pytest.mark.parametrize(("held", "slot", "bits"), [(7, 14, 4), (20, 60, 6)])
def test_crowded_slots_are_walked_through(held: int, slot: int, bits: int) -> None:
    keys = in_one_slot(held + 3, slot, bits)
    index = KeyIndex(keys[:held])
    assert index.nbytes == 4 * 2**bits
    assert index.find(keys).tolist() == [*range(held), -1, -1, -1]
    assert index.find(keys[::-1]).tolist() == [-1, -1, -1, *reversed(range(held))]
    elsewhere = in_one_slot(2, 1, bits)  # their own slot is taken by keys that were crowded out
    assert index.find(elsewhere).tolist() == [-1, -1]
