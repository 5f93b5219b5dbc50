import numpy as np
import pytest

from components.kits.tables.sentinels import find_sentinels

AGES = dict.fromkeys(range(18, 80), 10)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (AGES | {99: 7}, [99]),
        (AGES | {99: 1}, []),  # a person of 99 years
        (dict.fromkeys(range(18, 98), 10) | {99: 60}, [99]),  # six times as many as of 97
        (dict.fromkeys(range(18, 98), 10) | {99: 10}, []),
        (AGES | {-999: 1, -9: 3}, [-999, -9]),
        (dict.fromkeys(range(-50, 50), 1) | {-999: 1}, [-999]),
        (dict.fromkeys(range(-50, 50), 1) | {-99: 1}, []),  # no further off than the others are from each other
        (dict.fromkeys(range(1990, 2020), 3) | {9999: 2}, [9999]),
        (dict.fromkeys(range(20000, 99000, 100), 1) | {99_999: 90}, []),  # a cap
        (dict.fromkeys((49, 99, 149, 199, 499, 999), 2) | {10: 20, 9999: 2}, []),  # prices
        ({0: 30, 1: 30, 2: 30, 99: 4}, [99]),
        ({0: 3, 1: 3, 99: 4}, []),  # too few to tell
        ({5: 90, 99: 4}, []),
    ],
)
def test_numbers_of_nines_apart_from_the_others(cells: dict[int, int], expected: list[int]) -> None:
    values, counts = np.array([*cells], dtype=float), np.array([*cells.values()])
    assert values[find_sentinels(values, counts)].tolist() == expected


def test_what_is_no_number_is_none() -> None:
    values = np.array([np.nan, np.inf, 1, 2, 99])
    assert find_sentinels(values, np.array([5, 5, 30, 30, 5])).tolist() == [False, False, False, False, True]
