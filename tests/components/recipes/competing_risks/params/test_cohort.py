from typing import Any

import pytest
from pydantic import ValidationError

from components.recipes.competing_risks.params.cohort import CausesParams
from tests.components.recipes.competing_risks.preparation.causes import CAUSES, TARGET, block


def test_the_values_of_causes_are_the_events() -> None:
    said = CausesParams.model_validate(block()).target
    assert said.names == ("relapse", "death")
    assert (said.of_any.event_value, said.cause_column) == (("1", "2"), "status")
    assert said.columns == ("days", "status")


def test_causes_may_stand_in_a_column_of_their_own() -> None:
    said = CausesParams.model_validate(block(target=TARGET | {"event": "relapsed + died", "cause": "why"})).target
    assert said.columns == ("days", "died", "relapsed", "why")
    assert (said.of_any.event_value, said.cause_column) == ((), "why")


def test_a_block_is_read_back_in_its_order() -> None:
    """Files have their keys in order; a list keeps its own."""
    spec = CausesParams.model_validate(block())
    assert CausesParams.model_validate(spec.model_dump(mode="json")) == spec
    assert spec.model_dump(mode="json")["target"]["causes"] == [
        {"name": "relapse", "values": ["1"]},
        {"name": "death", "values": ["2"]},
    ]


def _external(names: tuple[str, str]) -> dict[str, Any]:
    causes = [{"name": name, "values": [place]} for place, name in enumerate(names, 1)]
    return {"file": "other.csv", "target": TARGET | {"causes": causes}}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"target": TARGET | {"causes": CAUSES[:1]}}, "at least 2 items"),
        ({"target": TARGET | {"causes": [CAUSES[0], {"name": "death", "values": [2, 1]}]}}, "'1' is in two causes"),
        ({"target": TARGET | {"causes": [CAUSES[0], {"name": "Relapse", "values": [2]}]}}, "two causes have one name"),
        ({"target": TARGET | {"causes": [CAUSES[0], {"name": "a@b", "values": [2]}]}}, "the cause 'a@b': a name has"),
        ({"target": TARGET | {"causes": [CAUSES[0], {"name": "death", "values": []}]}}, "'death' has no value"),
        ({"target": TARGET | {"event": "status * 1"}}, "event is arithmetic"),
        ({"target": TARGET | {"cause": "why * 1"}}, "cause is one column"),
        ({"target": TARGET | {"event_value": [1]}}, "event_value goes with cause"),
        ({"target": TARGET | {"censored_value": [2]}}, "'2' is in both"),
        ({"external": _external(("relapse", "dead"))}, "external.target names the causes relapse, dead"),
    ],
)
def test_what_names_no_causes_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        CausesParams.model_validate(block(**changes))


def test_another_cohort_may_write_the_causes_otherwise() -> None:
    found = CausesParams.model_validate(block(external=_external(("relapse", "death"))))
    assert found.external is not None
    assert found.external.target.names == found.target.names
