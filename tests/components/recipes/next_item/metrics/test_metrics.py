import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.core.errors import CasebookError
from components.core.parts import CountedMetric
from components.evaluation.bootstrap import Resampling, interval
from components.recipes.next_item.metrics import lists
from components.recipes.next_item.metrics.metrics import ranking_metrics
from components.recipes.next_item.metrics.ranks import ranks, top_items
from components.recipes.next_item.metrics.sets import Sets

RANK = np.array([1.0, 3.0, 10.0, 11.0, np.inf])
TARGET = np.array([4, 0, 2, 9, 1])


def test_values_by_hand():
    found = {name: metric(TARGET, RANK) for name, metric in ranking_metrics([10]).items()}
    assert found == pytest.approx(
        {
            "hr@10": 3 / 5,
            "ndcg@10": (1 / np.log2(2) + 1 / np.log2(4) + 1 / np.log2(11)) / 5,
            "map@10": (1 / 1 + 1 / 3 + 1 / 10) / 5,
            "mrr@10": (1 / 1 + 1 / 3 + 1 / 10) / 5,
            "recall@10": 3 / 5,
            "precision@10": (1 / 10 + 1 / 10 + 1 / 10) / 5,
        }
    )


def test_each_cutoff_has_every_metric():
    found = ranking_metrics([1, 20])
    assert list(found) == [
        f"{name}@{k}" for k in (1, 20) for name in ("hr", "ndcg", "map", "mrr", "recall", "precision")
    ]
    assert found["hr@1"](TARGET, RANK) == 1 / 5
    assert found["hr@20"](TARGET, RANK) == 4 / 5


@given(st.lists(st.integers(1, 30), min_size=1, max_size=8), st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_over_counts_is_the_metric_of_the_repeated_users(drawn, cutoff, seed):
    rank = np.array(drawn, dtype=float)
    counts = np.random.default_rng(seed).multinomial(len(rank), np.full(len(rank), 1 / len(rank)), size=3).astype(float)
    for metric in ranking_metrics([cutoff]).values():
        repeated = [metric(np.repeat(rank, row), np.repeat(rank, row)) for row in counts.astype(int)]
        assert isinstance(metric, CountedMetric)
        assert metric.over_counts(rank, rank, counts) == pytest.approx(np.array(repeated), abs=1e-12)


@given(st.integers(0, 2**32 - 1), st.integers(1, 12))
def test_of_the_rank_and_of_the_list_they_agree_where_nothing_ties(seed, cutoff):
    generator = np.random.default_rng(seed)
    scores = generator.permuted(np.tile(np.arange(12.0), (6, 1)), axis=1)
    target = generator.integers(0, 12, size=6)
    nothing = Sets(np.zeros(0, dtype=int), np.zeros(7, dtype=int))
    found = top_items(scores, nothing, places=cutoff)
    relevant = Sets(target, np.arange(7))
    metrics = ranking_metrics([cutoff])
    by_list = {
        "hr": lists.hit_rate,
        "ndcg": lists.ndcg,
        "map": lists.average_precision,
        "mrr": lists.reciprocal_rank,
        "recall": lists.recall,
        "precision": lists.precision,
    }
    for name, value in by_list.items():
        of_rank = metrics[f"{name}@{cutoff}"](target, ranks(scores, target, nothing))
        assert of_rank == pytest.approx(value(found, relevant).mean())


def test_the_bootstrap_knows_their_names_and_bounds():
    found = interval(
        ranking_metrics([10])["ndcg@10"], TARGET, RANK, resampling=Resampling(200, confidence=0.95, seed=1)
    )
    assert 0 <= found.low < found.value < found.high <= 1
    assert ranking_metrics([10])["ndcg@10"].__name__ == "ndcg@10"


@pytest.mark.parametrize("rank", [[0.0], [np.nan], [-1.0], [0.5]])
def test_a_rank_below_one_is_refused(rank):
    with pytest.raises(CasebookError, match="1 of 1 are below 1 or no number"):
        ranking_metrics([10])["hr@10"](np.array([3]), np.array(rank))


def test_rows_that_do_not_pair_are_refused():
    with pytest.raises(CasebookError, match="2 targets and ranks"):
        ranking_metrics([10])["hr@10"](np.array([3, 4]), np.array([1.0]))
    with pytest.raises(CasebookError, match="at least one"):
        ranking_metrics([10])["hr@10"](np.array([]), np.array([]))


@pytest.mark.parametrize("cutoffs", [[], [0], [10, 10]])
def test_cutoffs_that_are_none_are_refused(cutoffs):
    with pytest.raises(CasebookError, match="different whole numbers from 1"):
        ranking_metrics(cutoffs)
