import numpy as np

from components.recipes.detection.encoding.padding import stacked, truth
from components.recipes.detection.encoding.rows import ImageRow


def row(boxes, labels):
    found = np.array(boxes, np.float32).reshape(-1, 4)
    return ImageRow("x", None, 9, 9, b"", found, np.array(labels, np.int32))


def test_answers_are_padded_to_one_length():
    whole = stacked([np.ones((2, 6)), np.zeros((0, 6))], 3)
    assert whole.shape == (2, 3, 6)
    assert np.isnan(whole[0, 2]).all()
    assert np.isnan(whole[1]).all()
    assert (whole[0, :2] == 1).all()


def test_the_truth_is_boxes_with_their_classes():
    found = truth([row([[0, 1, 2, 3], [4, 5, 6, 7]], [1, 0]), row([], [])])
    assert found.shape == (2, 2, 5)
    assert found[0].tolist() == [[0, 1, 2, 3, 1], [4, 5, 6, 7, 0]]
    assert np.isnan(found[1]).all()
    assert truth([row([], [])]).shape == (1, 1, 5)
