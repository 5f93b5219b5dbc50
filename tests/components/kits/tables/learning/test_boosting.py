from typing import Any

import numpy as np
import onnxruntime
import pytest
from scipy.special import expit, softmax

from components.core.errors import CasebookError
from components.kits.tables.encoding.dummies import with_dummies
from components.kits.tables.learning.boosting import GradientBoosting, tree_files
from tests.components.kits.tables.learning.encoded import CATEGORICAL, NUMERIC, SIZES, TARGET, make_rows

SETTINGS = {"n_estimators": 30, "learning_rate": 0.1, "num_leaves": 7, "min_child_samples": 5}


def boosted(monotone: list[int], seeds: int = 2) -> GradientBoosting:
    model = GradientBoosting(seeds=seeds, monotone=monotone, settings=SETTINGS, classes=2)
    return model.fit(NUMERIC, CATEGORICAL, TARGET, SIZES)


def answers_of(model: GradientBoosting, rows: np.ndarray, output: str) -> list[np.ndarray]:
    graphs = [graph.SerializeToString() for graph in model.to_onnx(rows.shape[1])]
    sessions = [onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"]) for graph in graphs]
    return [session.run([output], {"features": rows})[0] for session in sessions]


def test_graphs_answer_what_the_trees_answer() -> None:
    model = boosted([0] * 9)
    numeric, categorical, _ = make_rows(7)
    rows = with_dummies(numeric, categorical, SIZES)
    answers = answers_of(model, rows, "probabilities")
    assert len(answers) == 2
    for answer, single in zip(answers, model.models, strict=True):
        assert answer[:, 1] == pytest.approx(expit(single.predict(rows, raw_score=True)), abs=1e-5)


def test_seeds_are_averaged_in_log_odds_and_repeat_themselves() -> None:
    model = boosted([0] * 9)
    rows = with_dummies(NUMERIC, CATEGORICAL, SIZES)
    logits = [single.predict(rows, raw_score=True) for single in model.models]
    assert model.predict(NUMERIC, CATEGORICAL) == pytest.approx(expit((logits[0] + logits[1]) / 2), abs=1e-12)
    again = boosted([0] * 9)
    assert (again.predict(NUMERIC, CATEGORICAL) == model.predict(NUMERIC, CATEGORICAL)).all()


def test_graphs_of_the_same_trees_are_the_same_bytes() -> None:
    first, again = (boosted([0] * 9).to_onnx(9) for _ in range(2))
    assert [graph.SerializeToString() for graph in first] == [graph.SerializeToString() for graph in again]
    # Two runs of one process share the order of a set's members; two processes do not.
    assert [opset.domain for opset in first[0].opset_import] == ["", "ai.onnx.ml"]


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_monotone_score_never_turns(sign: int) -> None:
    model = boosted([sign] + [0] * 8)
    free = boosted([0] * 9)
    turns = []
    for fitted in (model, free):
        steps = []
        for row in range(20):
            grid = np.repeat(NUMERIC[row : row + 1], 101, axis=0)
            grid[:, 0] = np.linspace(-3, 3, 101)
            steps.append(np.diff(fitted.predict(grid, np.repeat(CATEGORICAL[row : row + 1], 101, axis=0))))
        turns.append(np.concatenate(steps) * sign)
    assert turns[0].min() >= 0
    assert turns[0].max() > 0
    assert turns[1].min() < -0.01  # the truth is a wave, which a free model follows


SETTINGS_OF_NUMBERS = {**SETTINGS, "objective": "tweedie", "tweedie_variance_power": 1.3}


def test_several_classes_are_averaged_in_log_odds_and_graphs_answer_so() -> None:
    target = TARGET + (NUMERIC[:, 3] > 3)
    model = GradientBoosting(seeds=2, settings={**SETTINGS, "subsample": 0.7, "subsample_freq": 1}, classes=3)
    model.fit(NUMERIC, CATEGORICAL, target, SIZES)
    rows = with_dummies(NUMERIC, CATEGORICAL, SIZES)
    raw = [single.predict(rows, raw_score=True) for single in model.models]
    assert model.predict(NUMERIC, CATEGORICAL) == pytest.approx(softmax((raw[0] + raw[1]) / 2, axis=1), abs=1e-12)
    assert np.abs(raw[0] - raw[1]).max() > 0.01
    for answer, lines in zip(answers_of(model, rows, "probabilities"), raw, strict=True):
        assert answer == pytest.approx(softmax(lines, axis=1), abs=1e-5)


@pytest.mark.parametrize(
    "settings", [SETTINGS, {**SETTINGS, "objective": "quantile", "alpha": 0.1}, SETTINGS_OF_NUMBERS]
)
def test_numbers_are_averaged_as_they_are_and_graphs_answer_so(settings: dict[str, Any]) -> None:
    target = np.exp(NUMERIC[:, 0] + 0.1 * CATEGORICAL[:, 0])
    subsampled = {**settings, "subsample": 0.7, "subsample_freq": 1}
    model = GradientBoosting(seeds=2, settings=subsampled, classes=None).fit(NUMERIC, CATEGORICAL, target, SIZES)
    rows = with_dummies(NUMERIC, CATEGORICAL, SIZES)
    found = answers_of(model, rows, "variable")
    assert all(answer.shape == (300, 1) for answer in found)
    assert model.predict(NUMERIC, CATEGORICAL) == pytest.approx(np.mean(found, axis=0)[:, 0], rel=1e-5)
    assert np.abs(found[0] - found[1]).max() > 0.01


def test_a_class_without_rows_is_told() -> None:
    with pytest.raises(CasebookError, match="rows of 2 classes to learn from, where there are 3"):
        GradientBoosting(seeds=1, settings=SETTINGS, classes=3).fit(NUMERIC, CATEGORICAL, TARGET, SIZES)


def test_files_are_named_by_their_seeds() -> None:
    assert tree_files("lightgbm", 2) == ("lightgbm-0", "lightgbm-1")
