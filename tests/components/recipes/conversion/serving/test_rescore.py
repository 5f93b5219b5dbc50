"""Features of readings by their definitions, and the choice among them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.recipes.conversion.serving.predictor import ConversionPredictor, open_predictor
from components.recipes.conversion.serving.rescore import FEATURES, features, shares, weighted
from tests.components.recipes.conversion.serving.by_definition import all_readings, feature_values
from tests.components.recipes.conversion.serving.tiny import SYLLABLES, WEIGHTS, write_tiny
from tests.examples import examples


@pytest.fixture(scope="module")
def predictor(tmp_path_factory: pytest.TempPathFactory) -> ConversionPredictor:
    return open_predictor(write_tiny(tmp_path_factory.mktemp("tiny") / "bundle"))


@settings(deadline=None, max_examples=examples(15))
@given(st.lists(st.lists(st.sampled_from(SYLLABLES), min_size=1, max_size=4), min_size=1, max_size=3))
def test_each_feature_is_what_its_definition_says(predictor, clauses):
    decoder = predictor.models.decoder
    lattice, readings = decoder.readings(decoder.lattice(predictor.numbers(clauses)), 20)
    values = features(lattice, readings, decoder.models)
    words = decoder.models.vocabulary.texts
    for row, clause in enumerate(readings.clause):
        reading = [words[lattice.word[arc]] for arc in readings.arcs[readings.start[row] : readings.start[row + 1]]]
        expected = feature_values(clauses[clause], reading)
        assert dict(zip(FEATURES, values[row], strict=True)) == pytest.approx(expected, rel=1e-3, abs=1e-3)


def test_the_answer_is_the_best_weighted_sum_and_its_score_the_log_of_its_share(predictor):
    syllables = ["ni", "hao", "ma"]
    decoder = predictor.models.decoder
    kept = {}  # of the cuts of a text into words, the beam keeps the best one
    lattice, readings = decoder.readings(decoder.lattice(predictor.numbers([syllables])), 50)
    words = decoder.models.vocabulary.texts
    for row in range(len(readings.score)):
        reading = [words[lattice.word[arc]] for arc in readings.arcs[readings.start[row] : readings.start[row + 1]]]
        values = feature_values(syllables, reading)
        kept["".join(reading)] = sum(WEIGHTS[name] * values[name] for name in FEATURES)
    assert set(kept) == {"".join(reading) for reading in all_readings(syllables)}
    found = predictor.convert_syllables([syllables], 4)[0]
    best = sorted(kept, key=lambda text: -kept[text])[:4]
    total = np.log(sum(np.exp(score) for score in kept.values()))
    assert [text for text, _ in found.alternatives] == best
    assert [score for _, score in found.alternatives] == pytest.approx([kept[text] - total for text in best], abs=1e-3)


def test_shares_sum_to_one_in_each_clause():
    found = shares(np.array([0, 0, 2]), np.array([1000.0, 1000.0 + np.log(3), -5.0]))
    assert np.exp(found) == pytest.approx([1 / 4, 3 / 4, 1])
    assert shares(np.zeros(0, np.int64), np.zeros(0)).tolist() == []


def test_features_without_a_weight_do_not_count():
    values = np.arange(2 * len(FEATURES), dtype=float).reshape(2, -1)
    words, learner = FEATURES.index("words"), FEATURES.index("learner")
    expected = [2.0 * row[words] - row[learner] for row in values]
    assert weighted(values, {"words": 2.0, "learner": -1.0}).tolist() == expected
