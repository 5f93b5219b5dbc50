"""Answers to prepared rows are those that a client gets for the raw ones."""

import numpy as np
import pytest

from components.core.job import TEST
from tests.conftest import Fitted


def test_answers_are_the_predictions_of_the_same_rows(fitted: Fitted) -> None:
    example = fitted.recipe.serving.example(fitted.job)
    predicted = fitted.recipe.serving.open_predictor(fitted.bundle).predict(example)["score"].to_numpy()
    answers = fitted.recipe.serving.answers(fitted.job, fitted.bundle, TEST)
    assert answers.score[: len(example)] == pytest.approx(predicted, abs=1e-9)
    assert set(np.unique(answers.target)) == {0, 1}
