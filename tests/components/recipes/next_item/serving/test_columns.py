import numpy as np
import pyarrow as pa

from components.recipes.next_item.serving.columns import kept, numbered, shown


def test_texts_are_numbered_in_the_order_in_which_they_first_stand() -> None:
    places, different = numbered(np.array(["b", "a", "b", "c"], object))
    assert places.tolist() == [0, 1, 0, 2]
    assert different.tolist() == ["b", "a", "c"]


def test_cells_are_kept_by_a_mask_and_shown_as_they_stand() -> None:
    mask = np.array([False, True, True])
    array, cells = kept(pa.array([1.0, 2.0, None]), mask), kept([1, "x" * 99, None], mask)
    assert [shown(array, place) for place in range(2)] == ["2.0", "nan"]
    assert [shown(cells, place) for place in range(2)] == ["x" * 60, "None"]
    assert shown(pa.array([None], pa.timestamp("us")), 0) == "NaT"
