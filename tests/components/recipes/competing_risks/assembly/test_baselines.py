import json

import numpy as np

from components.recipes.competing_risks.assembly.baselines import AalenJohansen, OfEachCause
from components.recipes.competing_risks.metrics.hazards import incidences


class Seen:
    """A model that keeps what it was fitted to."""

    def __init__(self, target: np.ndarray) -> None:
        self.target = target

    def contents(self, name: str, _times: np.ndarray) -> dict[str, object]:
        return {f"{name}.json": self.target.tolist()}


def test_each_cause_sees_the_others_as_censored() -> None:
    target = np.array([[1.0, 2.0], [2.0, 0.0], [3.0, 1.0]])
    found = OfEachCause.fit(target, 2, Seen).contents("cox", np.array([1.0]))
    assert found == {"cox-1.json": [[1, 0], [2, 0], [3, 1]], "cox-2.json": [[1, 1], [2, 0], [3, 0]]}


def test_the_incidence_of_a_cohort_as_a_whole() -> None:
    # Of six people one ends by the first cause at 1, one by the second at 2, one is censored at 2.5, one ends by the
    # first at 3, and two are followed to 4.
    target = np.array([[1.0, 1], [2, 2], [2.5, 0], [3, 1], [4, 0], [4, 0]])
    contents = AalenJohansen.fit(target, 2).contents("aalen_johansen", np.array([1.0, 2.0, 3.0, 4.0]))
    hazards = np.array(json.loads(json.dumps(contents["aalen_johansen.json"]))["cumulative"])
    first = [1 / 6, 1 / 6, 1 / 6 + 4 / 6 * 1 / 3, 1 / 6 + 4 / 6 * 1 / 3]
    np.testing.assert_allclose(incidences(hazards), [first, [0, 1 / 6, 1 / 6, 1 / 6]], atol=1e-12)
