from typing import Any

import numpy as np
import onnxruntime
import pytest
from scipy.special import expit, logit, softmax
from sklearn.metrics import log_loss

from components.core.errors import CasebookError
from components.kits.tables.encoding.dummies import with_dummies
from components.kits.tables.encoding.encode import Encoded, TableEncoder
from components.kits.tables.encoding.features import CategoricalFeature, NumericFeature
from components.kits.tables.encoding.scale import Scale
from components.kits.tables.learning.boosting import GradientBoosting, fit_rounds, tree_files
from components.kits.tables.learning.cut import cut_classes
from components.kits.tables.learning.data import Rows
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


SCALE = Scale(False, (0.0, 1.0), (0.0, 1.0))
ENCODER = TableEncoder(
    tuple(NumericFeature(name, "number", name, 0.0, False, SCALE) for name in "abcd"),
    tuple(CategoricalFeature(name, tuple("xy"[: size - 1]), (), False) for name, size in zip("pq", SIZES, strict=True)),
)
ROWS = Rows(Encoded(NUMERIC.astype(float), NUMERIC, CATEGORICAL, {}), TARGET)
FIRST, REST = np.arange(200), np.arange(200, 300)


def stopped(seeds: int = 2) -> GradientBoosting:
    settings = {**SETTINGS, "n_estimators": 300, "learning_rate": 0.3, "subsample": 0.7, "subsample_freq": 1}
    return GradientBoosting(seeds=seeds, settings=settings, classes=2, patience=5)


def test_held_out_rows_end_the_training_and_graphs_have_those_trees() -> None:
    assert ENCODER.sizes == SIZES
    model = fit_rounds(stopped(), ROWS.take(FIRST), ENCODER, [], held_out=ROWS.take(REST))
    rows = with_dummies(NUMERIC, CATEGORICAL, SIZES)
    for seed, rounds in enumerate(model.rounds):
        losses = [
            log_loss(TARGET[REST], model.models[seed].predict_proba(rows[REST], num_iteration=count)[:, 1])
            for count in range(1, rounds + 6)
        ]
        assert np.argmin(losses) == rounds - 1
        assert rounds < 100
    (first, second) = (answer[:, 1] for answer in answers_of(model, rows, "probabilities"))
    assert expit((logit(first) + logit(second)) / 2) == pytest.approx(model.predict(NUMERIC, CATEGORICAL), abs=1e-5)


def test_a_second_fit_has_as_many_trees_as_the_first() -> None:
    first = fit_rounds(stopped(), ROWS.take(FIRST), ENCODER, [], held_out=ROWS.take(REST))
    second = fit_rounds(stopped(), ROWS, ENCODER, [], like=first)
    assert second.rounds == first.rounds
    by_hand = stopped()
    by_hand.settings["n_estimators"] = first.rounds[0]
    alone = by_hand.fit(NUMERIC, CATEGORICAL, TARGET, SIZES)
    rows = with_dummies(NUMERIC, CATEGORICAL, SIZES)
    assert (alone.models[0].predict_proba(rows) == second.models[0].predict_proba(rows)).all()


def test_few_rows_are_learned_from_as_long_as_their_folds_say() -> None:
    parts = cut_classes(TARGET, None, 3, 0)
    folds = [stopped(1).fit(*ROWS.take(a).known(ENCODER), held_out=ROWS.take(b)).rounds[0] for a, b in parts]
    found = fit_rounds(stopped(), ROWS, ENCODER, parts)
    assert found.rounds == [round(sum(folds) / 3)] * 2
