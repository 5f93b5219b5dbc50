from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from components.core.errors import CasebookError
from components.kits.tables.encoding.cells import Cells
from components.recipes.next_item.encoding.ids import (
    BLANK,
    COMPOSED,
    NO_ID,
    POINT,
    SCIENTIFIC,
    TOO_LONG,
    WITH_LINES,
    WITH_NUL,
    id_texts,
    places_of,
    read_ids,
)

E_ACUTE, E_WITH_ACCENT = "\u00e9", "e\u0301"


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (pa.array([3, 3, None]), ["3", "3", ""]),
        (pa.array([3.0, 1.5, None]), ["3", "1.5", ""]),
        (pa.array([" a ", "NA", "na", None, "é"]), ["a", "", "", "", "é"]),
        (pa.array(["x", "y", None]).dictionary_encode(), ["x", "y", ""]),
        ([3, 3.0, "3", None, float("nan"), pd.NA, pd.NaT, True], ["3", "3", "3", "", "", "", "", "True"]),
        ([], []),
        (pa.array([], pa.large_string()), []),
    ],
)
def test_ids_are_texts_and_words_for_nothing_are_none(cells: Cells, expected: list[str]) -> None:
    assert id_texts(cells, [" NA "]).tolist() == expected


def test_more_different_ids_than_the_index_of_a_category_has_room_for() -> None:
    """128 categories, counted in eight bits, leave no place for the one that stands for none."""
    column = pd.Series(pd.Categorical([f"id{place}" for place in range(128)] + [None]))
    assert id_texts(pa.array(column)).tolist() == [f"id{place}" for place in range(128)] + [""]


def test_an_id_is_one_whether_a_number_a_text_or_a_float_and_leading_zeros_stay() -> None:
    ids = [12, 12.0, " 12 ", np.int64(12), np.float32(12), "12.0", "12.00", "007", "007.0", "1.5", 1.5, "-3.0", "0.0"]
    assert id_texts(ids).tolist() == ["12"] * 7 + ["007", "007.0", "1.5", "1.5", "-3", "0"]
    assert id_texts([E_WITH_ACCENT, E_ACUTE]).tolist() == [E_ACUTE, E_ACUTE]


def test_ids_that_were_written_otherwise_are_counted_with_an_example() -> None:
    cells = pa.array(["1.0", "1", "2.0", " 3", "1.0", E_WITH_ACCENT, None, "4"])
    expected = {POINT: (3, "1.0"), BLANK: (1, " 3"), COMPOSED: (1, E_WITH_ACCENT)}
    assert read_ids(cells).forms == expected
    assert read_ids(cells.to_pylist()).forms == expected
    assert read_ids(pa.array([1.0, 2.0])).forms == {}  # that is how the column is typed


def test_whole_numbers_are_exact_past_what_floats_hold() -> None:
    long = 2**53 + 1
    for cells in ([long], pa.array([long]), [str(long)], pa.array([2**64 - 1, long], pa.uint64()).slice(1)):
        assert id_texts(cells).tolist() == [str(long)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cells", "reason", "place"),
    [
        (pa.array(["a", "b\nc", "b\nc"]), WITH_LINES, 1),
        (["a", "b\u2028c", "d\re"], WITH_LINES, 1),
        (pa.array(["a\0b"]), WITH_NUL, 0),
        (["1.23457E+11", "7"], SCIENTIFIC, 0),
        (pa.array([1.0, 2.0**53, None]), TOO_LONG, 1),
        (pa.array([2.0**24], pa.float32()), TOO_LONG, 0),
        ([3, 2.0**60], TOO_LONG, 1),
        ([np.float32(2**25)], TOO_LONG, 0),
        ([[1, 2]], NO_ID, 0),
        (["x", b"y"], NO_ID, 1),
        ([Decimal("1.5")], NO_ID, 0),
        (pa.array([None, ["a"]]), NO_ID, 1),
        (pa.array([b"a"]), NO_ID, 0),
        (pa.array([Decimal("12")]), NO_ID, 0),
    ],
)
def test_what_can_be_no_id_is_found_with_its_place(cells: Cells, reason: str, place: int) -> None:
    fault = read_ids(cells).fault
    assert fault is not None
    assert (fault.reason, fault.place) == (reason, place)
    with pytest.raises(CasebookError, match=r"column item: \d id\(s\), such as "):
        id_texts(cells, name="item")


def test_the_ends_of_lines_around_an_id_are_blanks() -> None:
    assert id_texts(["a\n", "\u2028b"]).tolist() == ["a", "b"]


def test_ids_of_an_older_bundle_are_found_in_the_form_in_which_they_are_asked() -> None:
    assert places_of(["1.0", None, "2", "2.0"]) == {"1.0": 0, "2": 2, "2.0": 3, "1": 0}
