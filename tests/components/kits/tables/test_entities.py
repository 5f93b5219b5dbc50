from typing import Any

import numpy as np
import pandas as pd
import pytest

from components.kits.tables.entities import find_entity, is_row_number, likeness
from tests.components.kits.tables.tables import NUMERIC

RANDOM = np.random.default_rng(8)
COUNT = 100  # persons, of five rows each


def visits(name: str, persons: np.ndarray | None = None, *, alike: bool = True) -> pd.DataFrame:
    """Five visits of each person in a random order; `weight` is a person's own where they are `alike`."""
    persons = RANDOM.permutation(np.repeat(np.arange(COUNT), 5)) if persons is None else persons
    own = RANDOM.normal(size=persons.max() + 1)[persons] if alike else RANDOM.normal(size=len(persons))
    weight = 70 + 10 * own + RANDOM.normal(size=len(persons))
    return pd.DataFrame({name: persons, "weight": weight.round(1), "y": RANDOM.choice(["a", "b"], len(persons))})


def entity(frame: pd.DataFrame) -> str | None:
    columns: dict[str, dict[str, Any]] = {"weight": NUMERIC}
    found = find_entity(frame, columns, "y")
    return None if found is None else found.name


@pytest.mark.parametrize("name", ["patient_id", "CustomerID", "subject no", "客户编号", "user-id", "person_key"])
def test_a_name_that_says_whose_identifier_it_is_will_do(name: str) -> None:
    assert entity(visits(name, alike=False)) == name


@pytest.mark.parametrize("name", ["id", "order_id", "uuid", "subject", "customer"])
def test_other_names_earn_it_by_rows_that_are_alike(name: str) -> None:
    assert entity(visits(name)) == name
    assert entity(visits(name, alike=False)) is None


@pytest.mark.parametrize("name", ["index", "rownames", "Unnamed: 0", "row", "column_1", "idx", "序号"])
def test_row_numbers_are_never_groups(name: str) -> None:
    joined = np.concatenate([np.arange(1, 201), np.arange(1, 333)])  # two files, each numbered from 1
    frame = visits(name, joined)
    assert entity(frame) is None
    assert is_row_number(name, frame[name])
    assert entity(visits(name)) is None  # even where rows are alike: the name says what it is


@pytest.mark.parametrize("name", ["weight", "visit", "reindex", "narrow"])
def test_what_counts_under_another_name_is_no_row_number(name: str) -> None:
    assert not is_row_number(name, pd.Series(np.arange(100)))


def test_an_index_of_prices_is_no_row_number() -> None:
    assert not is_row_number("index", pd.Series(RANDOM.normal(100, 10, 200).round(1)))


def test_numbers_of_two_sorted_files_are_alike_by_their_place_alone() -> None:
    numbers = np.concatenate([np.arange(250), np.arange(250)])
    frame = visits("id", numbers, alike=False)
    frame["weight"] = np.concatenate([np.sort(frame["weight"][:250]), np.sort(frame["weight"][250:])])
    assert entity(frame) is None
    # The same persons seen twice, in the same order, are alike beyond that.
    assert entity(visits("id", numbers)) == "id"


@pytest.mark.parametrize(
    "persons", [np.arange(500), np.repeat(np.arange(10), 50), np.repeat([0, *range(1, 41)], [300, *[5] * 40])]
)
def test_each_row_its_own_few_groups_or_a_huge_one_are_no_groups(persons: np.ndarray) -> None:
    assert entity(visits("patient_id", RANDOM.permutation(persons))) is None


def test_of_several_the_one_that_holds_the_others_counts() -> None:
    frame = visits("patient_id", np.repeat(np.arange(100), 5)).assign(household_id=np.repeat(np.arange(50), 10))
    assert entity(frame) == "household_id"
    crossed = frame.assign(household_id=RANDOM.permutation(frame["household_id"]))
    assert entity(crossed) == "patient_id"


def test_likeness_is_in_standard_errors() -> None:
    frame = visits("id")
    groups = frame["id"].to_numpy()
    assert likeness(frame, groups, {"weight": NUMERIC}, "y", neighbours=False) > 5
    assert abs(likeness(frame, RANDOM.permutation(groups), {"weight": NUMERIC}, "y", neighbours=False)) < 4
