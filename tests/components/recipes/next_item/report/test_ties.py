"""Events at one moment: who has them, and what another order of them would give."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.core.job import TEST, TRAIN, VALIDATION
from components.recipes.next_item.encoding.histories import questions, read_histories
from components.recipes.next_item.report import ties
from components.recipes.next_item.report.ties import Ties, find_ties
from components.recipes.next_item.serving.predictor import open_predictor
from components.recipes.next_item.serving.serving import raw_rows
from tests.components.recipes.next_item.conftest import CASE, Untrained
from tests.components.recipes.next_item.preparation.events import BY_TIME, block, events, prepare


def tied(folder: Path) -> dict[str, list[int]]:
    return pd.read_parquet(folder / "prepared" / "ties.parquet").to_dict("list")


def test_users_are_tied_whose_last_event_shares_its_moment(tmp_path: Path) -> None:
    """Not who has a tie before, nor who has events of one second that are not of one moment."""
    rows = [("a", item, time) for item, time in enumerate([1, 2, 2, 2])]
    rows += [("b", item, time) for item, time in enumerate([1, 1, 2])]
    rows += [("c", item, time) for item, time in enumerate([1, 2.25, 2.5])]
    prepare(tmp_path, events(rows), block())
    assert tied(tmp_path) == {"user": [0], "events": [3]}


def test_where_time_splits_the_first_event_of_the_test_counts(tmp_path: Path) -> None:
    rows = [("a", item, item) for item in range(8)] + [("b", 0, 0), ("b", 1, 8), ("b", 2, 8), ("a", 0, 8), ("a", 1, 9)]
    rows += [("a", 2, 9)]
    prepare(tmp_path, events(rows), block(split=BY_TIME))
    assert tied(tmp_path) == {"user": [1], "events": [2]}


def test_the_figure_of_an_order_by_chance_is_that_of_both_orders(untrained: Untrained) -> None:
    """Worked out apart: rank by rank, of rows that are given in the one order and the other."""
    found = find_ties(untrained.job, untrained.folder)
    assert found is not None
    prepared = untrained.job.paths.prepared(CASE)
    users, target = questions(prepared, TEST)
    some = pd.read_parquet(prepared / "ties.parquet")["user"].tolist()
    assert (found.tied, found.users) == (len(some), len(users))
    predictor = open_predictor(untrained.folder / "selection")
    ids, items = predictor.catalogue.user_ids, predictor.catalogue.item_ids
    last = read_histories(prepared, [VALIDATION]).item
    rows = raw_rows(untrained.job, users, (TRAIN, VALIDATION))
    test = pd.read_parquet(prepared / "test.parquet")

    def gain(given: pd.DataFrame, item: int) -> float:
        order = predictor.recommend(given, top=len(items))["item"].tolist()
        rank = 1 + order.index(items[item]) if items[item] in order else None
        return 1 / np.log2(1 + rank) if rank is not None and rank <= 10 else 0.0

    in_file, by_chance = [], []
    for place, user in enumerate(users):
        given = rows[rows["user_id"] == ids[user]].reset_index(drop=True)
        if items[target[place]] in set(given["item_id"]):  # which a list never answers, and a rank counts
            pytest.skip("the toy rows have no such user")
        in_file.append(gain(given, target[place]))
        if user in some:
            swapped = given.copy()
            swapped.loc[len(given) - 1, ["item_id", "rating"]] = [items[target[place]], test.loc[place, "rating"]]
            by_chance.append((in_file[-1] + gain(swapped, last[user])) / 2)
        else:
            by_chance.append(in_file[-1])
    assert found.in_file == pytest.approx(np.mean(in_file), abs=1e-9)
    assert found.shuffled == pytest.approx(np.mean(by_chance), abs=1e-9)
    assert found.shuffled != found.in_file


def test_few_ties_are_not_told(untrained: Untrained, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ties, "TOLD", 1.0)
    assert find_ties(untrained.job, untrained.folder) is None


def test_what_is_told_has_the_share_and_both_figures() -> None:
    assert Ties(23, 100, 0.2, 0.1).told == (
        "**For 23 of 100 test users (23%) the order of the last events is not known**: they are at one time. Of the "
        "model that learned before them ndcg@10 is 0.2000 in the order of the file, and 0.1000 in one drawn by chance"
    )
