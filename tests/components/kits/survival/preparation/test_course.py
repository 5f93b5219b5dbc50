from pathlib import Path

import pandas as pd
import pytest

from components.core.errors import CasebookError
from components.kits.survival.preparation.course import PLAIN, Course, check_unit, fitted_curve
from tests.components.kits.survival.preparation.cohorts import block, patients

CURVE = {"step": 0.5, "horizons": [1, 2, 3]}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    patients(300).to_csv(tmp_path / "rows.csv", index=False)
    return tmp_path / "rows.csv"


@pytest.mark.parametrize(
    ("years", "message"),
    [
        (190.0, r"of 190 years: are these days\? Say what they count with --unit, such as hours \(7.92 years\)"),
        (0.002, r"of 0.73 days: are these days\? .* such as years \(0.731 years\)"),
    ],
)
def test_a_follow_up_that_nobody_has_is_asked_about(years: float, message: str) -> None:
    with pytest.raises(CasebookError, match=message):
        assert check_unit(years, "days", "rows.csv") is None


@pytest.mark.parametrize("years", [1 / 365.25, 130.0])
def test_others_are_not(years: float) -> None:
    check_unit(years, "days", "rows.csv")
    with pytest.raises(CasebookError, match="are these days"):
        check_unit(years * (1.02 if years > 1 else 0.98), "days", "rows.csv")


@pytest.mark.parametrize(
    ("horizons", "step"),
    [((30, 90, 180), 15.0), ((7, 14), 0.5), ((0.5, 1.25), 0.125), ((1, 2, 6), 0.5), ((10, 365), 5.0)],
)
def test_horizons_of_ones_own_lie_on_a_grid(path: Path, horizons: tuple[float, ...], step: float) -> None:
    found = fitted_curve(block(unit="days"), path, Course(unit="days", horizons=horizons), CURVE)
    assert found["horizons"] == list(horizons)
    assert found["step"] == pytest.approx(step)


def test_those_of_the_pattern_are_kept_as_far_as_rows_are_observed(path: Path) -> None:
    assert fitted_curve(block(), path, PLAIN, CURVE) == CURVE
    assert fitted_curve(block(), path, PLAIN, CURVE | {"horizons": [1, 2, 30]})["horizons"] == [1, 2]


def test_horizons_of_ones_own_that_hardly_anybody_reaches_are_refused(path: Path) -> None:
    with pytest.raises(CasebookError, match="under a tenth of the rows are observed beyond 9000 days"):
        fitted_curve(block(unit="days"), path, Course(unit="days", horizons=(90, 9000)), CURVE)


def test_who_enters_later_is_not_observed_beyond_a_horizon(path: Path) -> None:
    rows = pd.read_csv(path)
    rows = rows[rows["days"] > 800].assign(came=799)
    rows.to_csv(path, index=False)
    target = {"time": "days", "event": "dead", "per_year": 365.25, "entry": "came"}
    with pytest.raises(CasebookError, match="under a tenth of the rows are observed beyond 90 days"):
        fitted_curve(block(unit="days", target=target), path, Course("came", unit="days", horizons=(90, 900)), CURVE)
