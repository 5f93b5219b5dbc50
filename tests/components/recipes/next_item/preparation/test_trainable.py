"""Events of which nothing could be learned are refused before they are prepared."""

from pathlib import Path

import pandas as pd
import pytest

from components.core.errors import CasebookError
from components.recipes.next_item.preparation.preparation import prepare as prepare_job
from tests.components.recipes.next_item.preparation.events import BY_TIME, block, events, three_each, written

ONE_ITEM = events([("a", 1, time) for time in range(6)])
TOO_FEW = events([(f"u{time}", time % 3, time) for time in range(12)])
ENOUGH = pd.concat([three_each("ab"), events([("a", 4, 40)])])


@pytest.mark.parametrize(
    ("rows", "split", "told"),
    [
        (
            three_each(),
            {},
            r"none of 2 users has two training events.*needs 4 events.*prepare.split to {by: time",
        ),
        (TOO_FEW, {"split": BY_TIME}, r"none of 7 users has two training events.*smaller shares in prepare.split"),
        (ONE_ITEM, {}, r"all training events are of 1 item.*prepare.columns.item \('item'\) the right column"),
    ],
)
def test_what_cannot_be_trained_is_refused(tmp_path: Path, rows: pd.DataFrame, split: object, told: str) -> None:
    content = block(**(split if isinstance(split, dict) else {}))
    with pytest.raises(CasebookError, match=told):
        prepare_job(written(tmp_path, rows, content))
    assert not (tmp_path / "prepared").exists()


def test_one_user_of_two_training_events_is_enough(tmp_path: Path) -> None:
    assert prepare_job(written(tmp_path, ENOUGH, block())).rows["train"] == 3


def test_a_test_that_the_core_empties_is_refused_with_the_params(tmp_path: Path) -> None:
    rows = pd.concat([events([("a", item % 3, item) for item in range(8)]), events([("new", 1, 8), ("new", 2, 9)])])
    with pytest.raises(CasebookError, match=r"prepare.split leaves test without events once prepare.k_core"):
        prepare_job(written(tmp_path, rows, block(split=BY_TIME, k_core={"user": 1, "item": 0})))
