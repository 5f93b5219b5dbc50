from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from components.kits.survival.preparation.leaks.event import tells_event, words_auc
from tests.components.kits.survival.preparation.leaks.courses import Course, make_course, text

COURSE = make_course()
RANDOM = np.random.default_rng(0)
ROWS = len(COURSE.days)
DAYS = pd.Series(COURSE.last)
DEAD = COURSE.event == 1
Made = Callable[[Course], pd.Series]


def some(share: float) -> np.ndarray:
    """Of those with the event, about a share."""
    return DEAD & (RANDOM.random(ROWS) < share)


CAUSES = RANDOM.choice(["heart", "cancer", "other"], ROWS)


@pytest.mark.parametrize(
    ("values", "kind", "sure"),
    [
        (text(np.where(DEAD, "dead", "alive")), "categorical", True),
        (pd.Series(1.0 - COURSE.event), "numeric", True),
        (text(CAUSES).where(DEAD), "categorical", True),
        (DAYS.where(DEAD), "date", True),
        (pd.Series(COURSE.days).where(DEAD), "numeric", True),
        (text([f"pt {'died at home' if had else 'is well'}, bed {row}" for row, had in enumerate(DEAD)]), "text", True),
        (text(CAUSES).where(some(0.7)), "categorical", False),
        (pd.Series(np.where(RANDOM.random(ROWS) < 0.97, COURSE.event, 1 - COURSE.event) == 1), "boolean", False),
        (DAYS, "date", False),
    ],
)
def test_the_event_in_other_words(values: pd.Series, kind: str, *, sure: bool) -> None:
    leak = tells_event("c", values, kind, COURSE.event, COURSE.time)
    assert leak is not None
    assert (leak.columns, leak.sure) == (("c",), sure), leak.why


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (pd.Series(COURSE.risk), "numeric"),
        (pd.Series(-np.log(COURSE.dead) + RANDOM.normal(0, 0.8, ROWS)), "numeric"),  # a concordance of .85
        (pd.Series(COURSE.entry), "date"),
        (pd.Series(COURSE.entry.astype("datetime64[Y]").astype(float)), "numeric"),
        (text(np.where(COURSE.dead < 200, "IV", "I to III")), "categorical"),  # all had it, before most were censored
        (text(CAUSES), "categorical"),
        (text([f"seen by {who}, bed {row}" for row, who in enumerate(CAUSES)]), "text"),
    ],
)
def test_what_is_known_at_the_start_is_no_leak(values: pd.Series, kind: str) -> None:
    assert tells_event("died", values, kind, COURSE.event, COURSE.time) is None


def test_of_few_nothing_is_said() -> None:
    event = np.array([1, 0] * 9)
    assert tells_event("c", pd.Series(event == 1), "boolean", event, np.arange(18.0)) is None


def test_the_word_that_tells_most_is_named() -> None:
    event = np.array([1, 0] * 20)
    notes = text([f"pt {'died' if had else 'seen'} row{row}" for row, had in enumerate(event)])
    assert words_auc(notes, event) == (1.0, "died", "20 row(s) with the event and 0 without")


def test_single_words_are_classes_and_no_text() -> None:
    assert words_auc(text(["died", "seen"] * 20), np.array([1, 0] * 20)) is None
