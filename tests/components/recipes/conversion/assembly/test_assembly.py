from dataclasses import replace

import pytest

from components.recipes.conversion.assembly.assembly import accuracy, best_learner_weight, in_beam
from components.recipes.conversion.serving.predictor import ConversionPredictor, open_predictor
from tests.components.recipes.conversion.serving.tiny import write_tiny

ASKED = [["ni", "hao", "ma"], ["zhong", "guo"], ["guo", "le"], ["xian", "an"]]
WEIGHTS = [0.0, 0.5, 4.0]


@pytest.fixture(scope="module")
def predictor(tmp_path_factory: pytest.TempPathFactory) -> ConversionPredictor:
    return open_predictor(write_tiny(tmp_path_factory.mktemp("tiny") / "bundle"))


def beams(predictor: ConversionPredictor, learner: float) -> list[str]:
    """What the beam alone answers with a weight of the learner."""
    search = in_beam(predictor.models.decoder.search, learner).model_copy(update={"rescored": 1})
    found = replace(predictor.models.decoder, search=search).candidates(predictor.numbers(ASKED), 1)
    return [best[0][0] for best in found]


def test_accuracy_is_the_share_of_right_characters(predictor):
    decoder, numbers = predictor.models.decoder, predictor.numbers(ASKED)
    texts = [best[0][0] for best in decoder.candidates(numbers, 1)]
    assert accuracy(decoder, numbers, texts) == 1.0
    wrong = ["X" + texts[0][1:], *texts[1:]]
    assert accuracy(decoder, numbers, wrong) == pytest.approx(1 - 1 / sum(map(len, texts)))


def test_the_weight_is_the_one_whose_beam_gave_the_texts_and_of_equals_the_smallest(predictor):
    decoder, numbers = predictor.models.decoder, predictor.numbers(ASKED)
    answers = {weight: beams(predictor, weight) for weight in WEIGHTS}
    assert answers[4.0] != answers[0.0]
    for weight in WEIGHTS:
        smallest = min(other for other in WEIGHTS if answers[other] == answers[weight])
        assert best_learner_weight(decoder, numbers, answers[weight], WEIGHTS[::-1]) == smallest
