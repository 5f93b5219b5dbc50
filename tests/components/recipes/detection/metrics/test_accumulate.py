"""Average precision by hand, beside faster-coco-eval's own, and over resamples beside images that are repeated."""

import numpy as np
import pytest

from components.recipes.detection.metrics.accumulate import (
    RECALLS,
    average_precision,
    first_reaching,
    last_within,
    needed,
)
from components.recipes.detection.metrics.matching import evaluate, match, present
from tests.components.recipes.detection.metrics.boxes import crowds, scores, targets

ONE, TWO, NOTHING = (0, 0, 10, 10), (50, 50, 60, 60), (80, 80, 90, 90)


def ap50(target: np.ndarray, score: np.ndarray) -> float:
    return float(average_precision(match(target, score, 1), np.ones((1, len(target))))[0, 0, 0])


def test_all_found_and_nothing_else():
    assert ap50(targets([(*ONE, 0)]), scores([(*ONE, 0, 0.3)])) == 1


def test_nothing_found():
    assert ap50(targets([(*ONE, 0)]), scores([])) == 0
    assert ap50(targets([(*ONE, 0)]), scores([(*NOTHING, 0, 0.9)])) == 0


def test_half_found():
    # Precision is 1 for recalls 0.00 to 0.50, which are 51 of the 101, and 0 for the others.
    assert ap50(targets([(*ONE, 0), (*TWO, 0)]), scores([(*ONE, 0, 0.9)])) == pytest.approx(51 / 101)


def test_a_false_one_between_two_hits():
    target = targets([(*ONE, 0), (*TWO, 0)])
    score = scores([(*ONE, 0, 0.9), (*NOTHING, 0, 0.8), (*TWO, 0, 0.7)])
    # Up to recall 0.50 precision is 1 / 1, above it 2 / 3.
    assert ap50(target, score) == pytest.approx((51 * 1 + 50 * 2 / 3) / 101)


def test_precision_is_the_best_at_that_recall_or_more():
    target = targets([(*ONE, 0), (*TWO, 0)])
    score = scores([(*NOTHING, 0, 0.9), (*ONE, 0, 0.8), (*TWO, 0, 0.7)])
    # 1 / 2 at the first hit, 2 / 3 at the second: 2 / 3 everywhere.
    assert ap50(target, score) == pytest.approx(2 / 3)


def test_the_second_match_of_a_box_is_false():
    score = scores([(*ONE, 0, 0.9), (*ONE, 0, 0.8), (*TWO, 0, 0.7)])
    assert ap50(targets([(*ONE, 0), (*TWO, 0)]), score) == pytest.approx((51 * 1 + 50 * 2 / 3) / 101)


def test_a_class_without_true_boxes_has_none():
    found = average_precision(match(targets([(*ONE, 0)]), scores([(*ONE, 1, 0.9)]), 2), np.ones((1, 1)))
    assert found[0, 0].tolist() == [0] * 10
    assert np.isnan(found[0, 1]).all()


@pytest.mark.parametrize("seed", range(6))
def test_it_is_what_the_library_accumulates(seed):
    target, score = crowds(15, 12, 3, seed=seed)
    evaluation = evaluate(target, score, present(target), present(score), 3)
    evaluation.accumulate()
    theirs = evaluation.eval["precision"][:, :, :, 0, 0].mean(axis=1).T
    ours = average_precision(match(target, score, 3), np.ones((1, 15)))[0]
    np.testing.assert_allclose(ours, theirs, atol=1e-12)
    assert 0.02 < ours.mean() < 0.98


@pytest.mark.parametrize("seed", range(4))
def test_a_resample_is_the_images_repeated(seed):
    target, score = crowds(12, 8, 2, seed=seed)
    # Distinct confidences: in which order repeated images tie is a matter of taste.
    drawn = ~np.isnan(score[..., 5])
    score[..., 5][drawn] = np.random.default_rng(seed).permutation(drawn.sum()) / drawn.sum()
    counts = np.random.default_rng(seed).multinomial(12, np.full(12, 1 / 12), size=5).astype(float)
    ours = average_precision(match(target, score, 2), counts)
    for row, times in zip(ours, counts.astype(int), strict=True):
        repeated = match(np.repeat(target, times, axis=0), np.repeat(score, times, axis=0), 2)
        np.testing.assert_allclose(row, average_precision(repeated, np.ones((1, 12)))[0], atol=1e-12)


def test_the_fewest_hits_for_each_recall():
    for total in (1, 3, 7, 50, 99, 100, 101, 945):
        wanted = needed(np.array([float(total)]))[0]
        recalls = np.arange(total + 1) / total
        assert wanted.tolist() == np.searchsorted(recalls, RECALLS, side="left").tolist()


def test_searches_row_by_row():
    sums = np.array([[1.0, 1.0, 3.0], [0.0, 0.0, 0.0]])
    assert first_reaching(sums, np.array([[0.0, 1.0, 2.0, 4.0], [0.0, 1.0, 0.0, 9.0]])).tolist() == [
        [0, 0, 2, 3],
        [0, 3, 0, 3],
    ]
    assert last_within(sums, np.array([[0.5, 1.0, 2.5, 3.0], [0.0, 0.5, 7.0, 9.0]])).tolist() == [
        [0, 2, 2, 3],
        [3, 3, 3, 3],
    ]
    assert first_reaching(np.zeros((2, 0)), np.ones((2, 3))).tolist() == [[0, 0, 0], [0, 0, 0]]
