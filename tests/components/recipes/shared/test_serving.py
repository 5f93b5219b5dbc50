import json
from pathlib import Path

import pytest

from components.core.job import TEST, VALIDATION, Job
from components.kits.tables.encoding.cells import columns_of_rows
from components.recipes.shared.serving import asked_bundle, bundle_below, first_rows, in_turn, read_split, rows_in_turn


def test_a_fitted_folder_has_a_bundle_for_each_split_and_any_other_is_one(tmp_path: Path) -> None:
    assert bundle_below(tmp_path) == bundle_below(tmp_path, VALIDATION) == tmp_path
    for name in ("bundle", "selection"):
        (tmp_path / name).mkdir()
    assert bundle_below(tmp_path) == bundle_below(tmp_path, TEST) == tmp_path / "bundle"
    assert bundle_below(tmp_path, VALIDATION) == tmp_path / "selection"


def test_the_validation_is_asked_of_the_bundle_that_does_not_know_it(tmp_path):
    fitted, served = tmp_path / "fitted", tmp_path / "served"
    assert asked_bundle(fitted, served, VALIDATION) == served  # this fit kept no other
    (fitted / "selection").mkdir(parents=True)
    assert asked_bundle(fitted, served, VALIDATION) == fitted / "selection"
    assert asked_bundle(fitted, served, TEST) == served


def test_units_are_answered_in_turn() -> None:
    asked = in_turn("".join, "abc")
    assert [asked(1), asked(1), asked(4), asked(1)] == ["a", "b", "cabc", "a"]


@pytest.mark.slow
def test_rows_are_answered_as_a_request_has_them_without_key_and_outcome(prepared: Job) -> None:
    rows = read_split(prepared, TEST).drop(columns=["target", "row"])
    asked = rows_in_turn(prepared, lambda given: given, ["target"])
    assert asked(2) == columns_of_rows(json.loads(rows.head(2).to_json(orient="records")))
    assert asked(1) == columns_of_rows(json.loads(rows.iloc[2:3].to_json(orient="records")))


@pytest.mark.slow
def test_an_example_has_neither_key_nor_outcome(prepared: Job) -> None:
    rows, example = read_split(prepared, TEST), first_rows(prepared, ["target"], 3)
    assert set(rows.columns) - set(example.columns) == {"target", "row"}
    assert example.equals(rows[example.columns].head(3))
