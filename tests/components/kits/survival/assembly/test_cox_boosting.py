import json
from pathlib import Path

import numpy as np
import pytest

from components.core.bundle import Manifest, read_bundle, write_bundle
from components.kits.survival.assembly.cox_boosting import AtRisk, CoxBoosting, Nodes
from components.kits.survival.serving.members import open_boosting
from components.kits.tables.encoding.encode import Encoded

TARGET = np.array([[1.0, 1], [2, 0], [3, 1], [3, 1], [5, 0]])


def likelihood(target: np.ndarray, score: np.ndarray) -> float:
    """Minus the logarithm of the partial likelihood, row by row, ties as Breslow has them."""
    time, event, entry = target[:, 0], target[:, 1], target[:, 2] if target.shape[1] == 3 else np.full(len(target), -1)
    found = 0.0
    for row in np.flatnonzero(event):
        there = (time >= time[row]) & (entry < time[row])
        found += float(np.log(np.exp(score[there]).sum()) - score[row])
    return found


@pytest.mark.parametrize("entries", [None, [0.0, 0.5, 2.0, 0.0, 2.5]])
def test_the_derivatives_are_those_of_the_partial_likelihood(entries: list[float] | None) -> None:
    target = TARGET if entries is None else np.column_stack([TARGET, entries])
    score, step = np.array([0.3, -0.2, 0.1, 0.8, -0.5]), 1e-4
    first, second = AtRisk.of(target).derivatives(score)
    for row in range(5):
        move = step * np.eye(5)[row]
        low, here, high = (likelihood(target, score + sign * move) for sign in (-1, 0, 1))
        assert first[row] == pytest.approx((high - low) / (2 * step), abs=1e-6)
        assert second[row] == pytest.approx((high - 2 * here + low) / step**2, abs=1e-5)


def test_the_baseline_is_breslows() -> None:
    score = np.log(np.array([1.0, 2.0, 3.0, 4.0, 5.0]))
    assert AtRisk.of(TARGET).baseline(score).tolist() == pytest.approx([1 / 15, 2 / 12])


def test_a_tree_becomes_its_nodes() -> None:
    leaf = {"leaf_value": 0.5}
    found = Nodes.of({"split_feature": 2, "threshold": 1.5, "left_child": leaf, "right_child": {"leaf_value": -0.25}})
    assert found.feature.tolist() == [2, 0, 0]
    assert (found.children_left.tolist(), found.children_right.tolist()) == ([1, -1, -1], [2, -1, -1])
    assert found.value.tolist() == [[0.0], [0.5], [-0.25]]


def test_what_is_served_is_what_was_fitted(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    numeric = random.normal(size=(300, 2)).astype(np.float32)
    categorical = random.integers(0, 3, size=(300, 1))
    time = random.exponential(np.exp(-numeric[:, 0] - (categorical[:, 0] == 2)))
    target = np.column_stack([np.minimum(time, 2.0), time < 2.0])
    model = CoxBoosting(trees=40, rate=0.1, depth=2, min_leaf=10, subsample=0.8, features=1.0, seed=0)
    times = np.array([0.5, 1.0, 2.0])
    contents = model.fit(numeric, categorical, target, (3,)).contents("boosting", times)
    write_bundle(tmp_path / "b", Manifest(case="toy", predictor="x", graphs=(), settings={}), contents)
    encoded = Encoded(numeric, numeric, categorical, {})
    found = open_boosting(read_bundle(tmp_path / "b", threads=1), "boosting", times, times, (3,))(encoded)
    assert found.shape == (300, 3)
    assert (np.diff(found, axis=1) >= 0).all()
    assert np.corrcoef(np.log(found[:, 0]), numeric[:, 0] + (categorical[:, 0] == 2))[0, 1] > 0.9
    # Breslow's baseline makes as many events expected as have come.
    places = np.searchsorted(model.times, target[:, 0], side="right")
    lived = np.concatenate([[0.0], np.cumsum(model.baseline)])[places]
    baseline = np.array(json.loads(json.dumps(contents["boosting.json"]))["baseline"])
    assert (found[:, 0] / baseline[0] * lived).sum() == pytest.approx(target[:, 1].sum(), rel=1e-4)
