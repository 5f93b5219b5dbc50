import numpy as np
import pytest

from components.recipes.conversion.serving.predictor import ConversionPredictor, open_predictor
from components.recipes.conversion.serving.rescore import FEATURES
from components.recipes.conversion.serving.weights import Examples, collect, fit_weights
from tests.components.recipes.conversion.serving.by_definition import all_readings, feature_values
from tests.components.recipes.conversion.serving.tiny import write_tiny


@pytest.fixture(scope="module")
def predictor(tmp_path_factory: pytest.TempPathFactory) -> ConversionPredictor:
    return open_predictor(write_tiny(tmp_path_factory.mktemp("tiny") / "bundle"))


def column(name: str, values: list[float]) -> np.ndarray:
    table = np.zeros((len(values), len(FEATURES)))
    table[:, FEATURES.index(name)] = values
    return table


def test_readings_are_collected_with_the_characters_that_are_right(predictor):
    clauses, texts = [["ni", "hao", "ma"], ["ma"]], ["你好马", "妈"]
    found = collect(predictor.models.decoder, predictor.numbers(clauses), texts)
    assert np.bincount(found.clause).tolist() == [len({"".join(words) for words in all_readings(clauses[0])}), 3]
    assert found.length.tolist() == [1] * 3 + [3] * int((found.clause == 0).sum())
    assert sorted(found.right[found.clause == 1].tolist()) == [0, 0, 1]
    best = found.values[(found.clause == 1) & (found.right == 1)][0]
    assert dict(zip(FEATURES, best, strict=True)) == pytest.approx(feature_values(["ma"], ["妈"]), abs=1e-3)


def test_the_weight_of_one_feature_of_two_readings_is_the_log_odds():
    """In three of four clauses the reading with 1 more is right: p = 1 / (1 + exp(-w)) = 3/4, so w = log 3."""
    values = column("learner", [0, 1] * 4) + 7.0
    right = np.array([0, 2, 0, 2, 0, 2, 2, 0])
    examples = Examples(values, np.repeat(np.arange(4), 2), right, np.full(8, 2))
    assert fit_weights(examples, ["learner"], penalty=0.0)["learner"] == pytest.approx(np.log(3), rel=1e-3)


def test_a_penalty_makes_weights_smaller_and_a_useless_feature_gets_none():
    values = column("learner", [0, 1, 0, 1]) + column("words", [2, 2, 5, 5])
    examples = Examples(values, np.array([3, 3, 8, 8]), np.array([0, 1, 0, 1]), np.ones(4))
    strong, weak = (fit_weights(examples, ["words", "learner"], penalty=penalty) for penalty in (0.01, 1.0))
    assert strong["learner"] > weak["learner"] > 0
    assert strong["words"] == 0
