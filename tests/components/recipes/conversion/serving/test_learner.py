import numpy as np
import pytest

from components.core.bundle import read_bundle
from components.recipes.conversion.serving import learner
from components.recipes.conversion.serving.arcs import Candidates
from components.recipes.conversion.serving.learner import LearnerScorer
from tests.components.recipes.conversion.serving.by_definition import learner_log_p
from tests.components.recipes.conversion.serving.tiny import BONUS, PAIRS, SYLLABLES, windows, write_tiny


@pytest.fixture(scope="module")
def scorer(tmp_path_factory: pytest.TempPathFactory) -> LearnerScorer:
    folder = write_tiny(tmp_path_factory.mktemp("tiny") / "bundle")
    return LearnerScorer(read_bundle(folder, threads=1), "learner", Candidates(PAIRS))


def numbers(*syllables: str) -> np.ndarray:
    return np.array([SYLLABLES.index(one) + 1 for one in syllables], np.int64)


def test_log_p_is_that_of_the_candidates_alone(scorer):
    """An has two candidates: the graph's third column, and what it fills up with, say nothing."""
    found = scorer.log_p([numbers("an")])
    assert np.exp(found[0, :2]).sum() == pytest.approx(1)
    assert found[0, 2] == -np.inf
    assert found[0, :2] == pytest.approx([learner_log_p(["an"], one) for one in "安按"], abs=1e-5)


def test_what_stands_around_a_syllable_counts(scorer):
    """Of zhong guo, a known n-gram, the ids that the windows hold raise the first candidates."""
    together, apart = scorer.log_p([numbers("zhong", "guo")]), scorer.log_p([numbers("zhong"), numbers("guo")])
    ids = windows().ids(numbers("zhong", "guo"), np.array([0, 2])).sum(axis=1)
    alone = windows().ids(numbers("zhong", "guo"), np.array([0, 1, 2])).sum(axis=1)
    assert ids.tolist() != alone.tolist()
    odds = (together[:, 0] - together[:, 1]) - (apart[:, 0] - apart[:, 1])
    assert odds == pytest.approx(BONUS[0] * (ids - alone), abs=1e-5)


def test_clauses_in_batches_are_scored_as_each_alone(scorer, monkeypatch):
    rng = np.random.default_rng(0)
    clauses = [rng.integers(1, len(SYLLABLES) + 1, size) for size in (3, 1, 7, 2, 7, 4)]
    alone = np.concatenate([scorer.log_p([clause]) for clause in clauses])
    for cells in (1, 8, 1000):
        monkeypatch.setattr(learner, "CELLS", cells)
        assert scorer.log_p(clauses) == pytest.approx(alone, abs=1e-6)
