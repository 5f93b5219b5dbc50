import numpy as np
import pandas as pd
import pytest

from components.kits.survival.preparation.leaks.arithmetic import tells_together
from components.kits.survival.preparation.leaks.found import Leak
from tests.components.kits.survival.preparation.leaks.courses import make_course, spec_of

COURSE = make_course()
RANDOM = np.random.default_rng(0)
ROWS = len(COURSE.days)
AGE = RANDOM.normal(60, 8, ROWS).round()
YEAR = COURSE.entry.astype("datetime64[Y]").astype(float)


def leaks(kind: str, **columns: np.ndarray) -> list[Leak]:
    frame = pd.DataFrame(columns)
    spec = spec_of(**dict.fromkeys(columns, kind))
    return list(tells_together(frame, spec.columns, COURSE.time, COURSE.event))


@pytest.mark.parametrize(
    ("kind", "columns", "later"),
    [
        ("date", {"start": COURSE.entry, "end": COURSE.last}, ("end",)),
        ("date", {"end": COURSE.last, "start": COURSE.entry}, ("end",)),
        ("numeric", {"age": AGE, "age at end": (AGE + COURSE.time).round(1)}, ("age at end",)),
        ("numeric", {"year": YEAR, "last year": COURSE.last.astype("datetime64[Y]").astype(float)}, ("last year",)),
    ],
)
def test_two_columns_that_give_the_time(kind: str, columns: dict[str, np.ndarray], later: tuple[str, ...]) -> None:
    (leak,) = leaks(kind, **columns)
    assert leak.sure
    assert leak.later == leak.to_leave_out == later
    assert set(leak.columns) == set(columns)


def test_a_sum_is_found_as_well() -> None:
    half = RANDOM.uniform(-3000, 3000, ROWS).round()
    (leak,) = leaks("numeric", one=half, other=COURSE.days - half)
    assert leak.sure
    assert leak.to_leave_out == ("one", "other")
    assert "one and other is the time to the event, in days, in 100.0% of those" in leak.why


def test_columns_that_are_known_at_the_start_give_no_time() -> None:
    born = COURSE.entry - (AGE * 365).astype("timedelta64[D]")
    assert not leaks("date", born=born, entry=COURSE.entry)
    assert not leaks("numeric", age=AGE, risk=COURSE.risk, year=YEAR)


def test_the_day_to_which_all_are_followed_less_that_of_entry_is_no_time_to_the_event() -> None:
    end = np.full(ROWS, COURSE.last.max()) + RANDOM.integers(0, 3, ROWS).astype("timedelta64[D]")
    assert not leaks("date", entry=COURSE.entry, end=end)
