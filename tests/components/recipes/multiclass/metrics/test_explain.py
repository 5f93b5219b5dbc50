import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax

from components.recipes.multiclass.metrics.explain import class_reasons, log_odds
from tests.components.kits.tables.explained import Explained

OTHERS = {"size": 1.0, "colour": "red"}


def shares(rows):
    """Of two classes that size and colour tell apart, and one that they do not."""
    line = 0.5 * rows["size"] + np.where(rows["colour"] == "blue", 1.0, 0.0)
    return softmax(np.column_stack([line, -line, np.zeros(len(line))]), axis=1)


def test_reasons_are_of_the_class_that_was_answered() -> None:
    rows = pd.DataFrame({"size": [3.0, -4.0], "colour": ["blue", "red"]})
    one = Explained(rows, shares, OTHERS)
    typical = [one.typical(values) for values in (OTHERS, {"size": 2.0, "colour": "blue"}, OTHERS)]
    first, second = class_reasons(one.score, one.rows, np.array([0, 1]), typical, top=2)

    def odds(size: float, colour: str, place: int) -> float:
        given = {"size": np.array([size]), "colour": np.array([colour])}
        return float(log_odds(shares(given)[:, place])[0])

    assert [(one.feature, one.value) for one in first] == [("size", 3.0), ("colour", "blue")]
    assert [one.contribution for one in first] == pytest.approx(
        [odds(3, "blue", 0) - odds(1, "blue", 0), odds(3, "blue", 0) - odds(3, "red", 0)]
    )
    assert [(one.feature, one.value) for one in second] == [("size", -4.0), ("colour", "red")]
    assert [one.contribution for one in second] == pytest.approx(
        [odds(-4, "red", 1) - odds(2, "red", 1), odds(-4, "red", 1) - odds(-4, "blue", 1)]
    )


def test_what_speaks_against_the_class_is_no_reason() -> None:
    one = Explained(pd.DataFrame({"size": [3.0], "colour": ["red"]}), shares, {"size": 1.0, "colour": "blue"})
    (found,) = class_reasons(one.score, one.rows, np.array([0]), [one.typical({"size": 1.0, "colour": "blue"})], top=4)
    assert [reason.feature for reason in found] == ["size"]
