"""Keys of a request beside its rows: those that there are, true, false, or null, which is as if they were not there."""

import pytest

from components.serving.keys import flag, known_keys
from components.serving.problems import Problem
from tests.components.serving.test_app import PATH


def test_null_says_nothing_and_a_key_that_there_is_not_is_told() -> None:
    assert known_keys({"top": 0, "curve": None, "typos": False}, {"top", "curve", "typos"}) == {
        "top": 0,
        "typos": False,
    }
    with pytest.raises(Problem, match="does not have") as found:
        known_keys({"top": 1, "tip": None}, {"top"})
    assert [one.loc for one in found.value.detail] == [("tip",)]


@pytest.mark.parametrize("value", [0, 1, "true", None, [], 1.0])
def test_a_flag_is_true_or_false_and_nothing_like_it(value: object) -> None:
    assert (flag("curve", True), flag("curve", False)) == (True, False)
    with pytest.raises(Problem) as found:
        flag("curve", value)
    assert (found.value.status, found.value.detail[0].loc) == (422, ("curve",))


def test_keys_of_every_case_and_of_tables_may_be_null(client, example):
    plain = client.post(PATH, json={"rows": [example]}).json()
    for name in ("explain", "strict", "log", "request_id", "accept_strange"):
        found = client.post(PATH, json={"rows": [example], name: None})
        assert found.status_code == 200, found.text
        assert found.json() == plain, name
    refused = client.post(PATH, json={"rows": None})
    assert (refused.status_code, refused.json()["detail"][0]["loc"]) == (422, ["rows"])
