import numpy as np

from components.evaluation.examples import of_each
from components.evaluation.slices import bands


def test_rows_are_drawn_from_each_group_by_the_seed_alone():
    lengths = np.repeat([1, 10, 100], [50, 40, 1])
    groups = bands("length", lengths, [5, 50])
    chosen = of_each(groups, most=3, seed=7)
    assert lengths[chosen].tolist() == [1] * 3 + [10] * 3 + [100]
    assert len(set(chosen)) == len(chosen)
    np.testing.assert_array_equal(of_each(groups, most=3, seed=7), chosen)
    assert of_each(groups, most=3, seed=8).tolist() != chosen.tolist()
