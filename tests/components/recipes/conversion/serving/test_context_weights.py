from pathlib import Path

import numpy as np
import pytest

from components.recipes.conversion.params.search import ContextParams
from components.recipes.conversion.serving.context_weights import HeldOut, fit_contexts, hold_out
from components.recipes.conversion.serving.predictor import open_predictor
from components.recipes.conversion.serving.rescore import FEATURES
from components.recipes.conversion.serving.weights import Examples
from tests.components.recipes.conversion.serving.by_definition import all_readings
from tests.components.recipes.conversion.serving.context_slots import context_slots
from tests.components.recipes.conversion.serving.tiny import KINDS, WORDS, write_tiny

PARAMS = ContextParams(bits=8, folds=2, readings=4, epochs=1, batch=2, lr=0.5)


def held(slots: list[list[int]], right: list[int]) -> HeldOut:
    """Clauses of two readings each."""
    count = len(right)
    clause = np.repeat(np.arange(count // 2), 2)
    examples = Examples(np.zeros((count, len(FEATURES))), clause, np.array(right), np.ones(count))
    return HeldOut(examples, np.concatenate(slots).astype(np.int32), np.cumsum([0, *map(len, slots)]))


def test_the_first_step_is_by_the_rate_towards_what_is_right():
    """AdaGrad divides the first slope by itself: 3 stands in the right reading, 4 in the wrong one."""
    weights = fit_contexts([held([[3], [4]], [1, 0])], PARAMS, penalty=0.001, seed=0).weights
    assert weights[3] == pytest.approx(0.5, rel=1e-3)
    assert weights[4] == pytest.approx(-0.5, rel=1e-3)
    assert np.count_nonzero(weights) == 2


def test_the_second_step_is_shorter():
    """After the first, s = w3 - w4 = 1 and the share of the right reading 1 / (1 + exp(-1)), so that the slope is
    -g = -(1 - share), of squares 1/4 + g^2.
    """
    params = PARAMS.model_copy(update={"epochs": 2})
    weights = fit_contexts([held([[3], [4]], [1, 0])], params, penalty=0.001, seed=0).weights
    slope = 1 - 1 / (1 + np.exp(-1))
    assert weights[3] == pytest.approx(0.5 + 0.5 * slope / np.sqrt(0.25 + slope**2), rel=1e-3)


def test_it_learns_which_feature_is_right_from_many_clauses_of_several_texts():
    rng = np.random.default_rng(1)
    texts = []
    for _ in range(2):
        noise = rng.integers(100, 200, (400, 2)).tolist()
        texts.append(
            held([[1, *noise[k]] if k % 2 else [2, *noise[k]] for k in range(400)], [k % 2 for k in range(400)])
        )
    weights = fit_contexts(texts, PARAMS.model_copy(update={"lr": 0.05, "batch": 16}), penalty=0.001, seed=0).weights
    assert weights[1] > 0.2
    assert weights[1] == pytest.approx(-weights[2])
    assert np.abs(weights[100:200]).max() < weights[1]


def test_the_same_seed_gives_the_same_weights():
    rng = np.random.default_rng(2)
    text = held([rng.integers(0, 256, 3).tolist() for _ in range(60)], rng.integers(0, 3, 60).tolist())
    first, again, other = (fit_contexts([text], PARAMS, penalty=0.001, seed=seed).weights for seed in (4, 4, 5))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_readings_are_held_out_with_the_features_that_tell_them_apart(tmp_path: Path):
    predictor = open_predictor(write_tiny(tmp_path / "bundle"))
    clauses, texts = [["ma"], ["ni", "hao"]], ["妈", "你好"]
    found = hold_out(predictor.models.decoder, predictor.numbers(clauses), texts, 20)
    kind = dict(zip(WORDS, KINDS, strict=True))
    of_clause = np.flatnonzero(found.examples.clause == 0)
    assert len(of_clause) == 3
    features = [context_slots(words, [kind[word] for word in words], 20) for words in all_readings(["ma"])]
    shared = set.intersection(*map(set, features))
    slots = sorted(found.slot[found.begin[k] : found.begin[k + 1]].tolist() for k in of_clause)
    assert slots == sorted(sorted(slot for slot in one if slot not in shared) for one in features)
    assert found.begin[-1] == len(found.slot)
    assert len(found.begin) == len(found.examples.clause) + 1
