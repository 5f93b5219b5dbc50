from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from components.core.errors import CasebookError
from components.recipes.conversion.serving.contexts import Asked, Contexts, features_of, read_contexts, telling
from components.recipes.conversion.serving.vocabulary import Vocabulary
from tests.components.recipes.conversion.serving.context_slots import context_slots

TEXTS = ["<s>", "</s>", "中", "中国", "人", "国", "过人"]
KINDS = ["", "", "f", "ns", "n", "n", "~v"]


def vocabulary() -> Vocabulary:
    return Vocabulary(TEXTS, np.zeros(len(TEXTS)), KINDS)


def test_the_features_of_readings_are_those_spelled_out():
    readings = [["中国", "人"], ["中", "国", "人"], ["人"], ["中", "过人", "中", "中国"]]
    word = np.array([TEXTS.index(one) for reading in readings for one in reading])
    start = np.cumsum([0, *map(len, readings)])
    asked = features_of(vocabulary(), word, start, 16)
    for number, reading in enumerate(readings):
        expected = context_slots(reading, [KINDS[TEXTS.index(one)] for one in reading], 16)
        assert Counter(asked.slot[asked.reading == number].tolist()) == Counter(expected)


def test_a_score_is_the_sum_of_the_weights():
    weights = np.random.default_rng(0).normal(size=1 << 10).astype(np.float32)
    word, start = np.array([3, 4, 2, 5, 4]), np.array([0, 2, 5])
    found = Contexts(weights).score(vocabulary(), word, start)
    expected = [
        sum(weights[slot] for slot in context_slots(["中国", "人"], ["ns", "n"], 10)),
        sum(weights[slot] for slot in context_slots(["中", "国", "人"], ["f", "n", "n"], 10)),
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_what_all_readings_of_a_clause_have_tells_nothing():
    """Readings 0 and 1 are clause 0's, 2 is clause 1's. Slot 5 is in both of clause 0, once and twice; slot 7 once in
    each; slot 9 in one.
    """
    asked = Asked(np.array([0, 1, 1, 0, 1, 1, 2]), np.array([5, 5, 5, 7, 7, 9, 5]))
    found = telling(asked, np.array([0, 0, 1]), 4)
    pairs = Counter(zip(found.reading.tolist(), found.slot.tolist(), strict=True))
    assert pairs == {(0, 5): 1, (1, 5): 2, (1, 9): 1}


def test_no_readings_have_no_features():
    asked = features_of(vocabulary(), np.zeros(0, np.int64), np.zeros(1, np.int64), 8)
    assert len(asked.slot) == len(telling(asked, np.zeros(0, np.int64), 8).slot) == 0


def test_a_table_is_read_as_it_was_written(tmp_path: Path):
    weights = np.array([0.5, -0.25, 0.0, 2.0], np.float32)
    (tmp_path / "contexts.parquet").write_bytes(Contexts(weights).to_content())
    again = read_contexts(tmp_path / "contexts.parquet")
    np.testing.assert_array_equal(again.weights, weights)
    assert (again.bits, again.nbytes) == (2, 16)
    with pytest.raises(CasebookError, match=r"other\.parquet: cannot be read"):
        read_contexts(tmp_path / "other.parquet")
