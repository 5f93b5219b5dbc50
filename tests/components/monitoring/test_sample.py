"""A sample of what passes by once: complete where it fits, fair where it does not, whole users where they belong."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.monitoring.sample import draw, some


def frames(rows: int, size: int) -> list[pd.DataFrame]:
    numbers = pd.DataFrame({"n": np.arange(rows)})
    return [numbers[first : first + size] for first in range(0, rows, size)]


@given(st.integers(1, 60), st.integers(1, 25), st.integers(1, 80))
def test_what_fits_is_kept_whole_and_of_more_exactly_as_many_in_their_order(rows, batch, size):
    found = draw(frames(rows, batch), size, seed=1)
    assert found.seen == rows
    assert len(found.rows) == min(rows, size)
    assert found.rows["n"].is_monotonic_increasing
    assert found.rows["n"].is_unique
    assert list(found.rows.index) == list(range(len(found.rows)))


def test_each_row_has_the_same_chance_wherever_it_stands():
    """50 of 1000 rows, 100 times: of 10 tenths each holds 500 expected rows, give or take 5 deviations of 21."""
    counts = np.zeros(10)
    for seed in range(100):
        found = draw(frames(1000, 200), 50, seed=seed)
        counts += np.bincount(found.rows["n"] // 100, minlength=10)
    assert counts.sum() == 100 * 50
    assert np.abs(counts - 500).max() < 5 * 21


def test_a_seed_gives_the_same_rows_in_whatever_batches_they_come():
    one, other = draw(frames(1000, 10), 30, seed=3), draw(frames(1000, 999), 30, seed=3)
    assert one.rows["n"].tolist() == other.rows["n"].tolist()
    assert one.rows["n"].tolist() != draw(frames(1000, 10), 30, seed=4).rows["n"].tolist()


def test_a_unit_comes_with_all_its_rows_from_every_batch():
    rows = pd.DataFrame({"user": [str(number % 40) for number in range(1000)], "n": range(1000)})
    found = draw([rows[:300], rows[300:350], rows[350:]], 7, seed=5, unit="user")
    assert found.rows["user"].nunique() == 7
    assert (found.rows["user"].value_counts() == 25).all()
    assert found.seen == 1000


@pytest.mark.parametrize("nothing", [[], [pd.DataFrame({"n": []})]])
def test_of_nothing_comes_nothing(nothing):
    found = draw(nothing, 5, seed=0)
    assert (len(found.rows), found.seen) == (0, 0)


def test_some_of_the_rows_are_the_same_each_time_and_few_rows_stay_as_they_are():
    rows = pd.DataFrame({"n": range(100)})
    found = some(rows, 30)
    assert (len(found), found["n"].is_unique) == (30, True)
    pd.testing.assert_frame_equal(found, some(rows, 30))
    pd.testing.assert_frame_equal(some(rows, 100), rows)
