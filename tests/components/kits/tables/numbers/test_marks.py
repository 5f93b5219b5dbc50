import numpy as np
import pyarrow as pa
import pytest

from components.kits.tables.numbers.marks import Marks


def marks_of(*cells: str) -> Marks:
    found = Marks("x")
    found.add(pa.array(cells, pa.large_string()), np.ones(len(cells), dtype=np.int64))
    return found


@pytest.mark.parametrize(
    ("cell", "facts"),
    [
        ("467", {"short"}),
        ("1500", {"long"}),
        ("1.234", {"open ."}),
        ("-1,230", {"open ,", "round ,"}),
        ("0.126", {"decimal ."}),
        ("0,5", {"decimal ,", "uneven ,"}),
        (".5", {"decimal .", "uneven ."}),
        ("1234,567", {"decimal ,"}),
        ("1.234.567", {"thousands ."}),
        ("1.234,5", {"thousands .", "decimal ,"}),
        ("12,34,567", {"thousands ,"}),
        ("1,23,456.50", {"thousands ,", "decimal ."}),
        ("1 234", {"thousands  "}),
        ("1\N{NARROW NO-BREAK SPACE}234,567", {"thousands  ", "decimal ,"}),
        ("1\N{RIGHT SINGLE QUOTATION MARK}234.5", {"thousands '", "decimal ."}),
        ("1.234e-05", {"decimal ."}),
        ("(1.234,50 €)", {"thousands .", "decimal ,"}),
        ("CHF 12.5", {"decimal .", "uneven ."}),
        ("12 kg", {"short"}),
        ("1.2k", {"decimal .", "uneven ."}),
        ("14.01.42", set()),
        ("12.345.6", set()),
        ("1,2,3", set()),
        ("A12", set()),
        ("m12.5", set()),
        ("1.5-2.5", set()),
        ("<5", set()),
        ("١٢", set()),
    ],
)
def test_what_one_cell_says(cell: str, facts: set[str]) -> None:
    found = marks_of(cell)
    assert found.counts.keys() == facts
    assert found.numbers == bool(facts)


def test_parts_of_a_file_add_up() -> None:
    found = marks_of("1.500", "x", "3")
    found.add(pa.array(["12.250", "y"], pa.large_string()), np.array([2, 7]))
    assert (found.cells, found.numbers, found.strange) == (12, 4, "x")
    assert found.counts == {"open .": 3, "round .": 3, "short": 1}
    assert found.shown["open ."] == ["1.500", "12.250"]
    assert (found.low["."], found.high["."]) == (1.5, 12.25)


def test_one_word_behind_every_number_is_a_unit_and_two_are_not() -> None:
    assert marks_of("3 apples", "4 apples").units == {"apples": "3 apples"}
    assert marks_of("3 apples", "4 pears").numbers == 0
    assert marks_of("3 kg", "4lb", "5").units == {"kg": "3 kg", "lb": "4lb"}
