from components.core.results import Interval, Table
from components.evaluation.bootstrap import Difference
from components.evaluation.tables import read_about, read_notes, read_tables, shown, write_about, write_tables


def test_tables_and_notes_come_back_as_they_were_written(tmp_path):
    tables = [
        Table("Groups", ["name", "rows", "rate"], [["a", 3, Interval(0.5, 0.25, 0.75)], ["b", 0, None]], "By name."),
        Table("Nothing", ["x"], []),
    ]
    write_tables(tmp_path, tables, {"protocol": "leave one out"})
    assert read_tables(tmp_path) == tables
    assert read_notes(tmp_path) == {"protocol": "leave one out"}


def test_what_a_model_predicts_and_decides_comes_back_as_it_was_written(tmp_path):
    decisions = [Table("Decisions", ["class", "found"], [["cell", 3]], "At 0.5.")]
    write_about(tmp_path, "boxes around each cell", decisions)
    assert read_about(tmp_path) == ("boxes around each cell", decisions)


def test_of_a_kind_of_interval_the_value_and_its_bounds_are_kept(tmp_path):
    difference = Difference(0.1, 0.0, 0.2, share_below=0.03, used=100)
    write_tables(tmp_path, [Table("t", ["x"], [[difference]])], {})
    assert read_tables(tmp_path)[0].rows == [[Interval(0.1, 0.0, 0.2)]]


def test_an_interval_in_words():
    assert shown(Interval(0.5, 0.25, 0.75), "none") == "0.5000 [0.2500, 0.7500]"
    assert shown(Interval(0.5, 0.25, 0.75), "none", digits=2) == "0.50 [0.25, 0.75]"
    assert shown(None, "not enough rows") == "not enough rows"
