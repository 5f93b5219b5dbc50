"""The index over keys, against a dictionary."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from components.recipes.conversion.encoding.lookup import KeyIndex

KEYS = st.integers(0, 2**62)


@given(st.sets(KEYS | st.integers(0, 40), max_size=60), st.lists(KEYS | st.integers(0, 40), max_size=60))
def test_finds_the_rows_that_a_dictionary_has(held: set[int], others: list[int]) -> None:
    keys = np.array(sorted(held), np.int64)
    asked = np.array(sorted(held) + others, np.int64)
    rows = {key: row for row, key in enumerate(sorted(held))}
    assert KeyIndex(keys).find(asked).tolist() == [rows.get(key, -1) for key in asked.tolist()]


def test_crowded_slots_are_walked_through() -> None:
    index = KeyIndex(np.arange(7, dtype=np.int64))  # 16 slots
    index.keys = np.arange(100, 107, dtype=np.int64)
    index._rows[:] = -1
    index._slot = lambda keys: np.full(len(keys), 14)  # type: ignore[method-assign]
    index._fill(index.keys)
    assert index._rows.tolist() == [2, 3, 4, 5, 6, *[-1] * 9, 0, 1]
    assert index.find(np.array([106, 100, 99, 103])).tolist() == [6, 0, -1, 3]
