import json

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from components.kits.tables.typical import typical_values
from components.recipes.binary.metrics.explain import Reason, reason_codes
from tests.components.kits.tables.explained import Explained

WEIGHTS = {"debt": 0.02, "age": -0.05, "late": 1.5}
HOME = {"rent": 0.7, "own": 0.0}
REFERENCE = {"debt": 10, "age": 40, "late": 0, "home": "own"}


def linear(rows):
    """A logistic regression, so each contribution is weight times distance from the reference."""
    odds = sum(weight * rows[name] for name, weight in WEIGHTS.items())
    return expit(odds + np.array([HOME.get(home, 0.2) for home in rows["home"]]) - 1)


def applicants(**columns):
    return pd.DataFrame({"debt": [60.0, 5], "age": [30.0, 70], "late": [1.0, 0], "home": ["rent", "rent"], **columns})


def reasons(rows, reference, *, top, predict=linear):
    one = Explained(rows, predict, reference)
    return reason_codes(one.score, one.rows, one.typical(reference), top=top)


def test_contributions_of_a_linear_model_are_weight_times_distance():
    first, second = reasons(applicants(), REFERENCE, top=4)
    assert [(reason.feature, reason.value) for reason in first] == [
        ("late", 1),
        ("debt", 60),
        ("home", "rent"),
        ("age", 30),
    ]
    assert [reason.contribution for reason in first] == pytest.approx(
        [1.5 * (1 - 0), 0.02 * (60 - 10), 0.7 - 0.0, -0.05 * (30 - 40)]
    )
    # The second is older and less in debt than the reference: only the home counts against it.
    assert [reason.feature for reason in second] == ["home"]


def test_only_the_strongest_are_given():
    first, _ = reasons(applicants(), REFERENCE, top=2)
    assert [reason.feature for reason in first] == ["late", "debt"]


def test_columns_outside_the_reference_are_left_alone():
    first, _ = reasons(applicants(note=["x", "y"]), REFERENCE, top=9)
    assert "note" not in {reason.feature for reason in first}


def test_a_reference_that_no_row_has():
    first, _ = reasons(applicants(), {"debt": 10.5, "home": "own"}, top=4)
    assert {reason.feature: reason.contribution for reason in first} == pytest.approx(
        {"debt": 0.02 * (60 - 10.5), "home": 0.7}
    )


def test_a_missing_value_is_a_reason_with_none_for_value():
    _, second = reasons(applicants(home=["rent", None]), {"home": "own"}, top=4)
    assert second == (Reason("home", None, pytest.approx(0.2)),)


def test_a_reference_that_is_missing_is_put_in_as_missing():
    first, _ = reasons(applicants(), {"home": None}, top=4)
    assert first[0].contribution == pytest.approx(0.7 - 0.2)


def by_date(rows):
    """Odds of e for each 100 days after the first of 2019."""
    return expit((rows["since"] - 17897) / 100)


def test_values_and_contributions_are_plain():
    rows = applicants(since=pd.to_datetime(["2019-04-11", "2021-01-31"]).as_unit("us"))
    first, _ = reasons(rows, {"since": "2019-01-01 00:00:00"}, top=1, predict=by_date)
    assert json.loads(json.dumps(first[0].__dict__)) == {
        "feature": "since",
        "value": "2019-04-11 00:00:00",
        "contribution": pytest.approx(1),
    }
    first, _ = reasons(applicants(), REFERENCE, top=4)
    assert {type(reason.value) for reason in first} == {float, str}


def test_a_date_of_the_reference_is_a_date_again_after_json():
    rows = applicants(since=pd.to_datetime(["2020-01-31", "2021-01-31"]).as_unit("us"))
    reference = json.loads(json.dumps(typical_values(rows, ["since"])))
    assert reference == {"since": "2021-01-31 00:00:00"}
    assert reasons(rows, reference, top=1, predict=by_date) == [(), ()]
    earlier, later = reasons(rows, {"since": "2020-10-23 00:00:00"}, top=1, predict=by_date)
    assert earlier == ()
    assert later[0].contribution == pytest.approx(1)  # 100 days


def test_score_of_a_row_equal_to_the_reference_has_no_reasons():
    rows = pd.DataFrame([REFERENCE]).astype({"debt": float, "age": float, "late": float})
    assert reasons(rows, REFERENCE, top=4) == [()]
