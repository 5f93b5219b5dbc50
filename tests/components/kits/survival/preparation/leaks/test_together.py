import numpy as np
import pandas as pd

from components.kits.survival.preparation.leaks.together import tells_among_others
from tests.components.kits.survival.preparation.leaks.courses import make_course, spec_of

COURSE = make_course(600)
RANDOM = np.random.default_rng(0)
ROWS = len(COURSE.days)
FEATURES = {"age": RANDOM.normal(60, 8, ROWS), "risk": COURSE.risk, "marker": RANDOM.normal(0, 1, ROWS)}


def columns_told(columns: dict[str, np.ndarray], known: tuple[str, ...] = ()) -> set[str]:
    spec = spec_of(known=known, **dict.fromkeys(columns, "numeric"))
    found = tells_among_others(pd.DataFrame(columns), COURSE.time, COURSE.event, spec, None)
    assert not any(leak.sure for leak in found)
    return {name for leak in found for name in leak.columns}


def test_a_dose_that_the_dead_did_not_finish_is_told_until_it_is_known() -> None:
    planned = RANDOM.uniform(1, 100, ROWS)
    given = planned * np.where(COURSE.event == 1, RANDOM.uniform(0.3, 0.9, ROWS), RANDOM.uniform(1, 1.5, ROWS))
    columns = FEATURES | {"planned": planned, "given": given}
    assert columns_told(columns) == {"given"}
    assert not columns_told(columns, known=("given", "planned"))


def test_a_time_that_runs_backwards_in_one_ward_is_told() -> None:
    ward = RANDOM.integers(0, 2, ROWS).astype(float)
    clock = np.where(ward == 1, COURSE.days, -COURSE.days)
    assert "clock" in columns_told(FEATURES | {"ward": ward, "clock": clock})


def test_a_strong_predictor_is_not() -> None:
    strong = -np.log(COURSE.dead) + RANDOM.normal(0, 0.8, ROWS)
    entered = COURSE.entry.astype("datetime64[D]").astype(float)
    assert not columns_told(FEATURES | {"strong": strong, "entered": entered})
