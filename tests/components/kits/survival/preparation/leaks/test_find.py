import numpy as np
import pandas as pd
import pytest

from components.core.errors import CasebookError
from components.kits.survival.preparation.leaks.find import check_leaks, find_leaks
from tests.components.kits.survival.preparation.leaks.courses import make_course, spec_of, text

COURSE = make_course()
RANDOM = np.random.default_rng(0)
ROWS = len(COURSE.days)
FRAME = pd.DataFrame(
    {
        "risk": COURSE.risk,
        "died": text(RANDOM.choice(["a", "b"], ROWS)),  # a name alone says nothing
        "status": text(np.where(COURSE.event == 1, "dead", "alive")),
        "visits": RANDOM.poisson(3 * COURSE.time).astype(float),
        "start": COURSE.entry,
        "end": COURSE.last,
    }
)
KINDS = {"risk": "numeric", "died": "categorical", "status": "categorical", "visits": "numeric"}
DATES = {"start": "date", "end": "date"}


def found(*names: str, known: tuple[str, ...] = ()) -> dict[tuple[str, ...], bool]:
    spec = spec_of(known=known, **{name: (KINDS | DATES)[name] for name in names})
    return {leak.to_leave_out: leak.sure for leak in find_leaks(FRAME, COURSE.time, COURSE.event, spec)}


def test_each_is_found_once_by_what_is_surest() -> None:
    assert found("risk", "died") == {}
    assert found(*KINDS, *DATES) == {("status",): True, ("visits",): False, ("end",): True}


def test_known_ends_what_is_likely_and_not_what_is_sure() -> None:
    assert found("risk", "visits", known=("visits",)) == {}
    assert found("risk", "end") == {("end",): False}
    assert found("risk", "end", known=("end",)) == {}
    assert found("risk", "status", "start", "end", known=("status", "end")) == {("status",): True, ("end",): True}


def test_the_message_names_columns_and_what_to_do() -> None:
    with pytest.raises(CasebookError) as refused:
        check_leaks(FRAME, COURSE.time, COURSE.event, spec_of(**KINDS))
    said = str(refused.value)
    assert said.startswith(
        "rows.csv: column status: it tells the event by itself (AUC 1.000); it is the outcome in other"
    )
    assert "move status to prepare.ignore. Besides, column visits: it " in said
    assert said.endswith("with prepare.known: [visits]")
