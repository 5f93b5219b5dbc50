import json

import pandas as pd
import pytest
from scipy.special import expit

from components.core.errors import CasebookError
from components.kits.tables.explain import typical_values
from components.recipes.binary.metrics.explain import Reason, reason_codes

WEIGHTS = {"debt": 0.02, "age": -0.05, "late": 1.5}
HOME = {"rent": 0.7, "own": 0.0}
REFERENCE = {"debt": 10, "age": 40, "late": 0, "home": "own"}


def linear(rows):
    """A logistic regression, so each contribution is weight times distance from the reference."""
    odds = sum(weight * rows[name].astype(float) for name, weight in WEIGHTS.items())
    return expit(odds.to_numpy() + rows["home"].astype(str).map(HOME).fillna(0.2).to_numpy() - 1)


def applicants(**columns):
    return pd.DataFrame({"debt": [60, 5], "age": [30, 70], "late": [1, 0], "home": ["rent", "rent"], **columns})


def test_contributions_of_a_linear_model_are_weight_times_distance():
    first, second = reason_codes(linear, applicants(), REFERENCE, top=4)
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
    first, _ = reason_codes(linear, applicants(), REFERENCE, top=2)
    assert [reason.feature for reason in first] == ["late", "debt"]


def test_it_predicts_once_and_once_a_feature_on_whole_tables():
    calls = []

    def counting(rows):
        calls.append(len(rows))
        return linear(rows)

    reason_codes(counting, applicants(), REFERENCE, top=4)
    assert calls == [2] * (1 + 4)


def test_columns_outside_the_reference_are_left_alone_and_the_rows_unchanged():
    rows = applicants(note=["x", "y"])
    before = rows.copy()
    first, _ = reason_codes(linear, rows, REFERENCE, top=9)
    assert "note" not in {reason.feature for reason in first}
    pd.testing.assert_frame_equal(rows, before)


def test_a_reference_between_integers_and_one_the_categories_lack():
    rows = applicants(home=pd.Categorical(["rent", "rent"]))
    first, _ = reason_codes(linear, rows, {"debt": 10.5, "home": "own"}, top=4)
    assert {reason.feature: reason.contribution for reason in first} == pytest.approx(
        {"debt": 0.02 * (60 - 10.5), "home": 0.7}
    )


def test_a_missing_value_is_a_reason_with_none_for_value():
    rows = applicants(home=["rent", None])
    _, second = reason_codes(linear, rows, {"home": "own"}, top=4)
    assert second == (Reason("home", None, pytest.approx(0.2)),)


def test_a_reference_that_is_missing_is_put_in_as_missing():
    first, _ = reason_codes(linear, applicants(), {"home": None}, top=4)
    assert first[0].contribution == pytest.approx(0.7 - 0.2)


def test_values_and_contributions_are_plain():
    rows = applicants(since=pd.to_datetime(["2020-01-31", "2021-01-31"]))

    def by_date(rows):
        return expit((rows["since"].dt.year - 2019).to_numpy(dtype=float))

    first, _ = reason_codes(by_date, rows, {"since": pd.Timestamp("2019-01-01")}, top=1)
    assert json.loads(json.dumps(first[0].__dict__)) == {
        "feature": "since",
        "value": "2020-01-31 00:00:00",
        "contribution": pytest.approx(1),
    }
    first, _ = reason_codes(linear, applicants(), REFERENCE, top=4)
    assert {type(reason.value) for reason in first} == {int, str}


def test_a_date_of_the_reference_is_a_date_again_after_json():
    rows = applicants(since=pd.to_datetime(["2020-01-31", "2021-01-31"]))
    reference = json.loads(json.dumps(typical_values(rows, ["since"])))

    def by_date(rows):
        return expit((rows["since"].dt.year - 2019).to_numpy(dtype=float))

    earlier, later = reason_codes(by_date, rows, reference, top=1)
    assert reference == {"since": "2021-01-31 00:00:00"}
    assert (earlier, later) == ((), ())
    earlier, later = reason_codes(by_date, rows, {"since": "2020-06-30 00:00:00"}, top=1)
    assert earlier == ()
    assert later[0].contribution == pytest.approx(2021 - 2020)


def test_no_rows_need_no_prediction():
    assert reason_codes(linear, applicants().iloc[:0], REFERENCE, top=4) == []


def test_an_unknown_feature_is_named():
    with pytest.raises(CasebookError, match=r"1 feature.*'income'"):
        reason_codes(linear, applicants(), {"income": 3}, top=4)


def test_score_of_a_row_equal_to_the_reference_has_no_reasons():
    assert reason_codes(linear, pd.DataFrame([REFERENCE]), REFERENCE, top=4) == [()]
