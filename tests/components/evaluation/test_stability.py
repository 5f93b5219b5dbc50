import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.core.errors import CasebookError
from components.evaluation.stability import psi, psi_table
from tests.examples import examples


def test_psi_of_numbers_is_its_formula():
    reference = pd.Series(np.arange(100.0))
    recent = pd.Series(np.repeat([10.0, 60.0], [75, 25]))  # bins of 0-49 and 50-99
    expected = (0.75 - 0.5) * np.log(0.75 / 0.5) + (0.25 - 0.5) * np.log(0.25 / 0.5)
    assert psi(reference, recent, bins=2, floor=1e-4) == pytest.approx(expected)


def test_psi_of_categories_is_its_formula_and_unseen_ones_are_one_bin():
    reference = pd.Series(["a"] * 6 + ["b"] * 4)
    recent = pd.Series(["a"] * 5 + ["c"] * 3 + ["d"] * 2)
    floor = 0.001
    expected = (
        (0.5 - 0.6) * np.log(0.5 / 0.6) + (floor - 0.4) * np.log(floor / 0.4) + (0.5 - floor) * np.log(0.5 / floor)
    )
    assert psi(reference, recent, bins=10, floor=floor) == pytest.approx(expected)


@pytest.mark.parametrize("values", [[1.0, 2.0, np.nan, np.nan], ["x", "y", None, None]])
def test_missing_values_are_a_bin(values):
    reference, recent = pd.Series(values), pd.Series(values[:2] * 2)
    expected = (1e-4 - 0.5) * np.log(1e-4 / 0.5) + 2 * (0.5 - 0.25) * np.log(0.5 / 0.25)
    assert psi(reference, recent, bins=2, floor=1e-4) == pytest.approx(expected)


def test_a_boolean_is_a_category():
    same = pd.Series([True, False, True])
    assert psi(same, same, bins=10, floor=1e-4) == 0
    assert psi(same, ~same, bins=10, floor=1e-4) == pytest.approx(2 * (1 / 3) * np.log(2))


def test_an_empty_column_is_stable_and_an_empty_sample_is_an_error():
    nothing = pd.Series([np.nan] * 3)
    assert psi(nothing, nothing, bins=5, floor=1e-4) == 0
    with pytest.raises(CasebookError, match="3 reference and 0 recent rows"):
        psi(nothing, pd.Series([], dtype=float), bins=5, floor=1e-4)


def test_the_psi_table_begins_with_what_shifted_most():
    before = pd.DataFrame({"still": np.arange(200.0), "moved": np.arange(200.0), "word": ["a", "b"] * 100})
    after = before.assign(moved=before["moved"] + 80)
    table = psi_table(before, after, ["still", "moved", "word"], bins=10, floor=1e-4)
    assert table["column"].tolist() == ["moved", "still", "word"]
    assert table["psi"][0] > 0.25
    assert table["psi"][1:].tolist() == [0, 0]


@settings(deadline=None, max_examples=examples(60))
@given(
    st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), min_size=1, max_size=60),
    st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), min_size=1, max_size=60),
    st.integers(2, 12),
)
def test_psi_is_never_negative_and_zero_for_the_same_sample(before, after, bins):
    before, after = pd.Series(before, dtype=float), pd.Series(after, dtype=float)
    assert psi(before, after, bins=bins, floor=1e-4) >= 0
    assert psi(before, before, bins=bins, floor=1e-4) == 0
