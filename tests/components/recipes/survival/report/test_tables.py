import numpy as np
import pytest

from components.kits.survival.metrics.censoring import Censoring
from components.kits.survival.report.decisions import decisions
from components.kits.survival.report.tables import decisions_table, subgroup_table
from components.recipes.survival.report import tables

TARGET = np.array([[1.0, 1], [2.0, 1], [2.5, 0], [6.0, 0], [7.0, 1], [0.5, 1], [6.5, 0], [6.0, 1]])
RISK = np.array([0.9, 0.1, 0.9, 0.9, 0.2, 0.8, 0.3, 0.4])
CURVES = np.column_stack([RISK / 3, RISK])


def test_decisions_are_counted_on_both_sides_of_the_threshold() -> None:
    """By five years three had the event, four had not, and one was not followed until then."""
    found = decisions(TARGET, RISK, threshold=0.5, horizon=5.0, confidence=0.95)
    table = decisions_table({"test": found}, 0.5, 5.0, 0.9, "high")
    assert table.rows == [["test", "event", 2, 1, 2 / 3], ["test", "no event", 1, 3, 3 / 4]]
    assert table.columns[1] == "by 5 years"
    assert "0.5000 or more is answered high: the lowest threshold with a specificity of 0.9 on validation" in table.note
    assert "(precision): test 0.6667. Left out, as not followed until then: test 1." in table.note


def test_calibration_and_brier_have_a_row_a_series() -> None:
    splits = {"test": (TARGET, {"served": CURVES, "before": CURVES})}
    found = tables.calibration_table(splits, [1.0, 5.0], [5.0])
    assert [row[:3] for row in found.rows] == [["test", "served", "5"], ["test", "before", "5"]]
    assert found.rows[0][5] == pytest.approx(RISK.mean())
    brier = tables.brier_table(splits, [1.0, 5.0], Censoring.of(TARGET))
    assert [row[2] == row[3] for row in brier.rows] == [True, True]  # the same cohort twice


def test_an_empty_risk_group_has_no_rates() -> None:
    found = tables.risk_group_table({"test": (TARGET, RISK, np.zeros(8, dtype=int))}, ["low", "high"], 5.0)
    assert found.rows[1] == ["test", "high", 0, 0, None, None]
    assert found.rows[0][2:4] == [8, 5]


def test_a_small_subgroup_is_insufficient() -> None:
    row = {
        "group": "a",
        "rows": 6,
        "events": 1,
        "sufficient": False,
        "measure": None,
        "predicted": None,
        "observed": None,
    }
    table = subgroup_table("test", {"age": [row]}, 5.0, 50)
    assert table.rows == [["age", "a", 6, 1, "insufficient", "insufficient", "insufficient"]]


def test_net_benefit_beside_treating_all() -> None:
    found = tables.net_benefit_table({"test": (TARGET, RISK)}, [0.25], 5.0)
    assert [row[:2] for row in found.rows] == [["test", "25%"]]
    assert found.rows[0][2] != found.rows[0][3]
