"""Which images train and which are held out."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.core.errors import CasebookError
from components.recipes.detection.params.images import ImageSplit, Lists
from components.recipes.detection.preparation.split import by_lists, group_of, split_images
from tests.components.recipes.detection.preparation.folders import CELL, coco

SPLIT = ImageSplit(validation=0.2, test=0.3, seed=1)
LISTS = Lists(train="train.txt", validation="val.txt", test="test.txt")


def test_shares_of_images_the_same_every_time():
    names = [f"{number}.png" for number in range(20)]
    found = split_images(names, [None] * 20, SPLIT)
    assert Counter(found.values()) == {"train": 10, "validation": 4, "test": 6}
    assert found == split_images(names[::-1], [None] * 20, SPLIT)
    assert found != split_images(names, [None] * 20, SPLIT.model_copy(update={"seed": 2}))


@given(groups=st.lists(st.integers(0, 9), min_size=12, max_size=60))
def test_a_group_is_in_one_split_and_every_split_has_some(groups):
    names = [f"{number}.png" for number in range(len(groups))]
    units = [str(group) for group in groups]
    try:
        found = split_images(names, units, SPLIT)
    except CasebookError:
        assert len(set(groups)) < 4
        return
    assert all(len({found[name] for name, unit in zip(names, units, strict=True) if unit == one}) == 1 for one in units)
    assert set(found.values()) == {"train", "validation", "test"}


def test_too_few_images_or_groups_are_told():
    with pytest.raises(CasebookError, match=r"2 image\(s\) in 2 group\(s\) do not fill"):
        split_images(["a", "b"], [None, None], SPLIT)
    with pytest.raises(CasebookError, match=r"9 image\(s\) in 1 group\(s\)"):
        split_images([f"{n}" for n in range(9)], ["p1"] * 9, SPLIT)


def test_a_group_is_what_the_expression_finds():
    assert group_of("p12_slide3.png", r"^(p\d+)_") == "p12"
    assert group_of("p12_slide3.png", r"p\d+") == "p12"
    for pattern in (r"^q", r"(q)?"):
        with pytest.raises(CasebookError, match="finds no group in the image name"):
            group_of("p12.png", pattern)


def written(raw, **lists: str) -> None:
    for name in ("train", "val", "test"):
        (raw / f"{name}.txt").write_text(lists.get(name, ""), encoding="utf-8")


def test_the_datas_own_lists(tmp_path):
    written(tmp_path, train="a\nb.png\n\n", val="\ufeffx/c\n", test="images/d.png")
    found = by_lists(tmp_path, LISTS, ["a.png", "b.png", "x/c.png", "d.png", "e.png"])
    assert found == {"a.png": "train", "b.png": "train", "x/c.png": "validation", "d.png": "test"}


def test_coco_files_are_lists_too(tmp_path):
    for name in ("train", "val", "test"):
        coco(tmp_path / f"{name}.json", {f"{name}_1.png": [CELL]})
    lists = Lists(train="train.json", validation="val.json", test="test.json")
    found = by_lists(tmp_path, lists, ["train_1.png", "val_1.png", "test_1.png"])
    assert found == {"train_1.png": "train", "val_1.png": "validation", "test_1.png": "test"}


def test_an_image_in_two_lists_is_told(tmp_path):
    written(tmp_path, train="a\nb", val="c", test="d\nb.png")
    with pytest.raises(
        CasebookError, match=r"test\.txt: 1 of its images are in the list of train, too, such as 'b\.png'"
    ):
        by_lists(tmp_path, LISTS, ["a.png", "b.png", "c.png", "d.png"])


@pytest.mark.parametrize(
    ("lists", "told"),
    [
        ({"train": "a\nz", "val": "b", "test": "c"}, r"train\.txt: 1 of 2 names are no image, such as 'z'"),
        ({"train": "a", "val": " \n", "test": "c"}, r"val\.txt: names no image"),
    ],
)
def test_lists_that_name_what_is_not_there_or_nothing_are_told(tmp_path, lists, told):
    written(tmp_path, **lists)
    with pytest.raises(CasebookError, match=told):
        by_lists(tmp_path, LISTS, ["a.png", "b.png", "c.png"])


def test_a_list_that_is_missing_or_no_text_is_told(tmp_path):
    with pytest.raises(CasebookError, match=r"train\.txt: not found; prepare\.lists"):
        by_lists(tmp_path, LISTS, ["a.png"])
    (tmp_path / "train.txt").write_bytes(b"\xff\xfea")
    with pytest.raises(CasebookError, match=r"train\.txt: not UTF-8"):
        by_lists(tmp_path, LISTS, ["a.png"])
