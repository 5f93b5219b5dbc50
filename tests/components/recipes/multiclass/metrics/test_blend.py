import numpy as np
import pytest

from components.recipes.multiclass.metrics.blend import EDGE, mix, mixing_weights


def test_probabilities_are_mixed_by_their_logs():
    scores = np.array([[[0.8, 0.2], [0.1, 0.4], [0.1, 0.4]]])  # one row, three classes, two members
    roots = np.sqrt([0.8 * 0.2, 0.1 * 0.4, 0.1 * 0.4])
    assert mix(scores, np.array([0.5, 0.5]))[0] == pytest.approx(roots / roots.sum())
    assert mix(scores, np.array([1.0, 0.0]))[0] == pytest.approx([0.8, 0.1, 0.1])


def test_a_probability_of_nothing_does_not_rule_a_class_out():
    mixed = mix(np.array([[[1.0, 0.5], [0.0, 0.5]]]), np.array([0.5, 0.5]))[0]
    assert mixed == pytest.approx([1 / (1 + np.sqrt(EDGE)), np.sqrt(EDGE) / (1 + np.sqrt(EDGE))])


def test_weights_go_to_who_knows():
    generator = np.random.default_rng(0)
    target = generator.integers(3, size=600)
    knows = np.where(np.eye(3)[target] > 0, 0.7, 0.15)
    guesses = generator.dirichlet(np.ones(3), size=600)
    scores = np.stack([knows, guesses], axis=-1)
    assert mixing_weights(target, scores, shrinkage=0.0)[0] > 0.95
    assert mixing_weights(target, scores, shrinkage=1e6) == pytest.approx([0.5, 0.5], abs=1e-3)
