import numpy as np
import pandas as pd
import pytest

from components.kits.survival.preparation.leaks.clock import equal_share, tells_time
from tests.components.kits.survival.preparation.leaks.courses import make_course, text

COURSE = make_course()
RANDOM = np.random.default_rng(0)
ROWS, DAYS, YEARS = len(COURSE.days), COURSE.days, COURSE.time
BANDS = text(pd.cut(YEARS, [-1, 1, 3, 5, 100], labels=["<1", "1-3", "3-5", ">5"]).astype(str))


@pytest.mark.parametrize(
    ("values", "kind", "sure"),
    [
        (pd.Series((DAYS / 30.4375).round(1)), "numeric", True),
        (pd.Series(DAYS // 30), "amount", True),
        (pd.Series(DAYS // 7), "numeric", True),
        (pd.Series(np.ceil(YEARS)), "numeric", True),
        (pd.Series((2 * YEARS).round() / 2), "numeric", True),
        (pd.Series(-DAYS), "numeric", True),
        (pd.Series(DAYS - np.floor(YEARS)), "numeric", True),
        (BANDS, "categorical", True),
        (text(np.where(YEARS > 3, "yes", "no")), "categorical", True),
        (pd.Series(DAYS / 30 + RANDOM.normal(0, 3, ROWS)), "numeric", False),
        (pd.Series(np.where(RANDOM.random(ROWS) < 0.4, DAYS * 0.3, DAYS).round()), "numeric", False),  # until a relapse
        (pd.Series(RANDOM.poisson(3 * YEARS).astype(float)), "numeric", False),  # visits
    ],
)
def test_the_time_in_other_words(values: pd.Series, kind: str, *, sure: bool) -> None:
    leak = tells_time("c", values, kind, YEARS, COURSE.event)
    assert leak is not None
    assert (leak.columns, leak.sure) == (("c",), sure), leak.why


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (pd.Series(COURSE.risk), "numeric"),
        (pd.Series(-np.log(COURSE.dead) + RANDOM.normal(0, 0.8, ROWS)), "numeric"),  # a concordance of .85
        (pd.Series(COURSE.entry), "date"),  # who is censored was so on one day
        (pd.Series(RANDOM.integers(0, 8, ROWS).astype(float)), "numeric"),
        (text(RANDOM.choice(["a", "b"], ROWS)), "categorical"),
        (pd.Series(np.zeros(ROWS)), "numeric"),
        (pd.Series(np.full(ROWS, np.nan)), "numeric"),
    ],
)
def test_what_is_known_at_the_start_is_no_leak(values: pd.Series, kind: str) -> None:
    assert tells_time("follow_up_years", values, kind, YEARS, COURSE.event) is None


def test_the_unit_and_the_share_of_rows_by_hand() -> None:
    time = np.arange(1, 101) / 365.25
    days = np.arange(1.0, 101.0)
    days[:25] = 1000
    unit, share, chance = equal_share(days, time)
    assert (unit, share) == ("days", 0.75)
    assert chance < 0.05
