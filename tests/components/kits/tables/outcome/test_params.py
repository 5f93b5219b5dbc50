from typing import Any

import pytest
from pydantic import ValidationError

from tests.components.kits.tables.outcome.blocks import classes, number
from tests.components.kits.tables.tables import NUMERIC


def test_each_text_of_a_cell_has_the_place_of_its_class() -> None:
    spec = classes("low", "other", "high", target={"merge": {"other": ["spline", "gam"]}, "ignore": ["lost"]})
    assert spec.target.codes == {"low": 0, "other": 1, "high": 2, "spline": 1, "gam": 1}


def test_numbers_may_name_classes() -> None:
    assert classes("a", "b", "c", target={"values": [1, 2, 3]}).target.values == ("1", "2", "3")


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({"values": ["a", "b"]}, "these are 2; two are a case of the recipe binary"),
        ({"values": [f"v{place}" for place in range(101)]}, "100 at most, and these are 101"),
        ({"values": ["a", "b", "A "]}, "'A ' stands twice"),
        ({"merge": {"d": ["e"]}}, "target.merge makes a class 'd', which target.values does not have"),
        ({"merge": {"c": ["b"]}}, "'b' stands twice"),
        ({"ignore": ["C"]}, "'C' stands twice"),
    ],
)
def test_a_value_has_one_role(target: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        classes("a", "b", "c", target=target)


def test_a_target_of_amounts_is_read_as_a_column_of_them_is() -> None:
    amount = {"kind": "amount", "thousands": ",", "decimal": ".", "unit": "$", "min": 0, "max": None}
    target = number(target={**amount, "ignore": ["withdrawn"]}).target
    assert target.numbers.model_dump() == amount
    assert target.ignore == ("withdrawn",)


def test_the_target_is_no_column() -> None:
    with pytest.raises(ValidationError, match="'y' is in both target and columns"):
        number(columns={"y": NUMERIC})
