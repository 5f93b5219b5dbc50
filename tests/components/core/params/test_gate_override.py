"""An override names a check, a person, a reason and its end; what is none is refused by its key."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from components.core.blocks import read_block
from components.core.errors import CasebookError
from components.core.params.gate_override import Override

GIVEN = {"check": "committed", "who": "Ada", "because": "a demo\n on Friday", "until": "2030-12-31"}


def read(**values: Any) -> Override:
    return read_block(Override, {**GIVEN, **values}, "release.overrides.0")


def test_it_ends_with_the_first_moment_of_its_day_in_utc() -> None:
    one, day = read(), datetime(2030, 12, 31, tzinfo=UTC)
    assert one.told == "overridden by Ada until 2030-12-31 because a demo on Friday"
    assert not one.ended(day - timedelta(microseconds=1))
    assert one.ended(day)
    assert one.model_dump(mode="json") == {**GIVEN, "because": "a demo on Friday"}


def test_it_may_end_at_a_time() -> None:
    one = read(until="2030-12-31T18:30+01:00")
    assert one.day == "2030-12-31T17:30+00:00"
    assert read(until=one.day) == one
    assert Override.model_validate(one.model_dump()) == one


@pytest.mark.parametrize(
    "check", ["champion", "floor auc", "baseline lightgbm", "calibration log_loss", "constant brier", "limits slope"]
)
def test_each_check_of_the_gate_but_one_can_be_named(check: str) -> None:
    assert read(check=check).check == check


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"until": datetime(2030, 12, 31).date()}, "a text in quotes"),
        ({"until": "31.12.2030"}, "no date; write it like 2030-12-31"),
        ({"check": "comitted"}, "no check of the gate; there are: committed, "),
        ({"check": "floor "}, "no check of the gate"),
        ({"check": "real"}, "a smoke model cannot be let pass"),
        ({"who": "  "}, "release.overrides.0.who"),
        ({"because": ""}, "release.overrides.0.because"),
        ({"because": "x" * 501}, "release.overrides.0.because"),
        ({"for_how_long": 1}, "for_how_long: unknown key"),
    ],
)
def test_what_is_none_is_one_message(values: dict[str, Any], message: str) -> None:
    with pytest.raises(CasebookError) as said:
        read(**values)
    assert message in str(said.value)
    assert "Traceback" not in str(said.value)


def test_each_part_is_asked_for() -> None:
    for name in GIVEN:
        with pytest.raises(CasebookError, match=f"{name}: missing"):
            read_block(Override, {key: value for key, value in GIVEN.items() if key != name}, "override")
