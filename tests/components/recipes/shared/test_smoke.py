import numpy as np
import pandas as pd

from components.recipes.shared.smoke import few_of, few_rows, places_of, some_of


def test_few_stay_as_they_are_and_many_are_drawn_in_their_order() -> None:
    assert some_of("abc", 3) == ["a", "b", "c"]
    assert places_of(0, 3) == []
    drawn = places_of(1000, 20)
    assert len(set(drawn)) == 20
    assert drawn == sorted(drawn) == places_of(1000, 20)
    assert max(drawn) - min(drawn) > 500  # not the first ones


def test_a_rare_class_is_kept_and_the_others_fill_its_share() -> None:
    classes = np.zeros(1000, np.int8)
    classes[[3, 400, 999]] = 1
    classes[500:520] = 1
    splits = {"train": np.arange(0, 900), "test": np.arange(900, 1000)}
    few = few_rows(splits, classes, 100)
    assert few["test"].tolist() == splits["test"].tolist()
    assert len(few["train"]) == 100
    assert (np.diff(few["train"]) > 0).all()
    assert classes[few["train"]].sum() == 22
    common = few_rows({"train": np.arange(1000)}, np.arange(1000) % 2, 10)["train"]
    assert np.bincount(common % 2).tolist() == [5, 5]
    assert few_rows({"none": np.arange(0)}, classes, 10)["none"].tolist() == []


def test_rows_of_a_frame() -> None:
    frame = pd.DataFrame({"row": range(10), "event": [0] * 8 + [1] * 2})
    assert few_of(frame, frame["event"].to_numpy(), 10).equals(frame)
    few = few_of(frame, frame["event"].to_numpy(), 4)
    assert few["event"].tolist() == [0, 0, 1, 1]
    assert few.index.tolist() == [0, 1, 2, 3]
