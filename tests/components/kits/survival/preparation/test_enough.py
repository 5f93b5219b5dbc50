import logging

import numpy as np
import pandas as pd
import pytest

from components.core.errors import CasebookError
from components.kits.survival.cohort import CohortParams
from components.kits.survival.preparation.enough import check_coefficients, check_events, count_coefficients
from components.kits.tables.encoding.encode import TableEncoder, fit_encoder
from tests.components.kits.survival.preparation.cohorts import block


def events(had: int, rows: int) -> np.ndarray:
    return (np.arange(rows) < had).astype(np.int8)


@pytest.fixture(scope="module")
def encoder() -> TableEncoder:
    """A number, and sites of three, three and one rows: two classes, as one row makes none."""
    rows = pd.DataFrame({"age": np.arange(7.0), "site": ["a", "a", "a", "b", "b", "b", "c"]})
    return fit_encoder(rows, CohortParams.model_validate(block()))


def test_coefficients_are_numbers_and_classes_but_one(encoder: TableEncoder) -> None:
    assert count_coefficients(encoder) == 1 + 1


@pytest.mark.parametrize(
    ("had", "rows", "message"),
    [
        (0, 50, r"all 50 row\(s\) are censored"),
        (19, 100, r"19 of 100 row\(s\) have the event, and a model needs 20 at least: at this share 106 rows would do"),
    ],
)
def test_too_few_events_are_refused_with_what_would_do(had: int, rows: int, message: str) -> None:
    with pytest.raises(CasebookError, match=message):
        check_events(events(had, rows), "died", "rows.csv")


@pytest.mark.parametrize("rows", [20, 1_000])
def test_twenty_events_will_do_and_none_need_be_censored(rows: int) -> None:
    check_events(events(20, rows), "died", "rows.csv")
    with pytest.raises(CasebookError, match="needs 20 at least"):
        check_events(events(20, rows)[1:], "died", "rows.csv")


def test_events_for_each_coefficient(encoder: TableEncoder, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(
        CasebookError, match=r"3 event\(s\) for 2 .*, 1.5 for each.* 4 events would do, or at most 1 coef"
    ):
        check_coefficients(events(3, 9), encoder, "rows.csv")
    with caplog.at_level(logging.WARNING):
        check_coefficients(events(20, 30), encoder, "rows.csv")
        assert not caplog.messages
        check_coefficients(events(19, 30), encoder, "rows.csv")
    (told,) = caplog.messages
    assert told.startswith("19 events for 2 coefficients, 9.5 for each")
    assert told.endswith("20 events, or 1 coefficients, would do")
