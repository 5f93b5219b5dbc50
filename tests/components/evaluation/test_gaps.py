import numpy as np
import pandas as pd
import pytest

from components.core.errors import CasebookError
from components.evaluation.gaps import largest_gap, largest_gap_over


def test_numbers_are_apart_by_their_largest_difference():
    assert largest_gap(np.array([0.5, 0.25]), np.array([0.5, 0.75])) == 0.75 - 0.25
    assert largest_gap(np.array([[1, 2], [3, 4]]), np.array([[1, 2], [3, 9]])) == 9 - 4


def test_strings_are_apart_by_the_share_that_differs():
    assert largest_gap(np.array(["他", "好", "天", "气"], dtype=object), np.array(["她", "好", "天", "汽"])) == 2 / 4
    lists = np.array([["他们", "她们"], ["好", None]], dtype=object)
    assert largest_gap(lists, lists[:, ::-1]) == 1.0
    assert largest_gap(lists, lists) == 0.0


def test_strings_come_back_from_parquet_as_they_were(tmp_path):
    answers = np.array(["今天", "", "天气", "𠮷"], dtype=object)
    pd.DataFrame({"score": answers}).to_parquet(tmp_path / "answers.parquet", index=False)
    assert largest_gap(answers, pd.read_parquet(tmp_path / "answers.parquet")["score"].to_numpy()) == 0.0


def test_equal_infinities_are_no_gap_and_nan_is_one_that_no_bar_allows():
    assert largest_gap(np.array([np.inf, 1.0]), np.array([np.inf, 3.0])) == 2.0
    assert largest_gap(np.array([np.inf]), np.array([1.0])) == np.inf
    assert np.isnan(largest_gap(np.array([np.nan, 1.0]), np.array([np.nan, 1.0])))


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ([1.0], [1.0, 2.0], r"shapes \(1,\) and \(2,\)"),
        ([], [], "at least one"),
        (["他"], [1.0], "one side has text"),
    ],
)
def test_what_cannot_be_held_against_each_other_is_refused(first, second, message):
    with pytest.raises(CasebookError, match=message):
        largest_gap(np.array(first), np.array(second))


def test_padding_of_rows_of_numbers_is_no_gap():
    """Images have different numbers of boxes."""
    boxes = np.array([[[1.0, 2.0], [np.nan, np.nan]]])
    assert largest_gap(boxes, boxes + 0.5) == 0.5
    fuller = np.array([[[1.0, 2.0], [3.0, 4.0]]])
    assert np.isnan(largest_gap(boxes, fuller))


def test_the_gap_over_batches_is_that_of_the_widest():
    batches = [
        (np.array([[0.5, 0.25]]), np.array([[0.5, 0.5]])),
        (np.array([[1.0], [2.0]], np.float32), np.array([[1.0], [2.75]])),
        (np.array([[4.0]]), np.array([[4.0]])),
    ]
    assert largest_gap_over(batches) == 2.75 - 2.0
    assert largest_gap_over(iter(batches[:1])) == 0.25


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_nan_in_any_batch_is_passed_over_by_none(place):
    """Rows of numbers here are no boxes: two NaNs at one place are two answers that are no numbers."""
    batches = [(np.zeros((2, 2)), np.ones((2, 2))) for _ in range(3)]
    both = np.array([[0.0, np.nan], [0.0, 0.0]])
    for spoilt in ((both, both), (both, np.zeros((2, 2))), (np.zeros((2, 2)), both)):
        assert np.isnan(largest_gap_over([*batches[:place], spoilt, *batches[place + 1 :]]))


def test_no_batch_and_unequal_shapes_are_refused():
    with pytest.raises(CasebookError, match="no batch"):
        largest_gap_over([])
    with pytest.raises(CasebookError, match=r"shapes \(2,\) and \(3,\)"):
        largest_gap_over([(np.zeros(2), np.zeros(3))])
