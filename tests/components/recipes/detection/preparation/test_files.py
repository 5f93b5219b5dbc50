"""Which image an annotation or a list means."""

from unicodedata import normalize

import pytest

from components.recipes.detection.preparation.files import Names, Places, image_files
from components.recipes.detection.preparation.told import Told
from tests.components.recipes.detection.preparation.folders import picture


@pytest.mark.parametrize(
    ("written", "image", "how"),
    [
        ("im01.png", "im01.png", None),
        ("C:\\lab\\photos\\im01.png", "im01.png", None),
        ("/data/upload/3/im01.png", "im01.png", None),
        ("https://host/a/im01.png?X-Amz-Date=1", "im01.png", "an address"),
        ("/data/local-files/?d=lab%2Fred%20cells.png", "red cells.png", "an address"),
        ("red%20cells.png", "red cells.png", "%20"),
        ("file:///lab/red%20cells.png", "red cells.png", "an address"),
        ("IM01.PNG", "im01.png", "capitals"),
        ("im01.jpg", "im01.png", "suffix"),
        ("3f2a1b7c-im01.png", "im01.png", "prefix"),
        ("1f7c3a8e-22b4-4b3c-9c1d-0a1b2c3d4e5f-im01.png", "im01.png", "prefix"),
        ("other.png", "0d9f6ab1-other.png", "prefix"),
        (normalize("NFD", "zürich.png"), "zürich.png", None),
        ("20210304-im01.png", None, None),  # a date is no prefix
        ("decade_im01.png", None, None),
        ("im1.png", None, None),
        ("twin.png", None, None),  # fits two
        ("a\0b", None, None),
        ("http://[", None, None),
    ],
)
def test_a_name_is_joined_to_the_one_image_that_fits_and_that_is_counted(written, image, how):
    told = Told()
    images = [
        "im01.png",
        "red cells.png",
        normalize("NFC", "zürich.png"),
        "0d9f6ab1-other.png",
        "a/twin.png",
        "b/twin.png",
    ]
    assert Names(images, told=told).find(written) == image
    lines = told.lines()
    assert len(lines) == (how is not None)
    assert how is None or (how in lines[0] and lines[0].startswith("1 annotation(s) joined"))


def test_two_names_that_differ_in_their_prefix_are_two_images():
    assert Names(["3f2a1b7c-im01.png"]).find("9b2a1b7d-im01.png") is None
    assert Names(["3f2a1b7c-im01.png", "9b2a1b7d-im01.png"]).find("im01.png") is None


def test_of_images_of_one_name_it_is_the_one_in_the_own_folder(tmp_path):
    for name in ("images/s0/1.png", "images/s1/1.png", "images/s1/2.png", "images/3.png"):
        picture(tmp_path / name)
    images, labels = tmp_path / "images", tmp_path / "labels"
    labels.mkdir()
    lie, files = Places(images, labels), image_files(images)
    places = {name: lie.of(path) for name, path in files.items()}
    assert places == {"s0/1.png": ("s0",), "s1/1.png": ("s1",), "s1/2.png": ("s1",), "3.png": ()}
    names = Names(files, places=places, folders=[("s0",), ("s1",)])
    assert [names.find("1.png", near) for near in [("s0",), ("s1",), ()]] == ["s0/1.png", "s1/1.png", None]
    assert names.find("s1/1.png", ("s0",)) == "s1/1.png", "a path that names the folder"
    assert names.find("2.png", ("s0",)) is None, "the image of this name in its own folder is not there"
    apart = Names(files, places=places, folders=[("batch",)], told=(told := Told()))
    assert apart.find("2.png", ("batch",)) == "s1/2.png", "where annotations lie otherwise, the one image fits"
    assert "from another folder" in told.lines()[0]


def test_a_path_means_no_image_of_another_folder_where_paths_name_folders():
    images = ["s0/1.png", "s1/2.png"]
    assert Names(images, written=["s0/1.png", "s9/2.png"]).find("s9/2.png") is None
    assert Names(images, written=["x/1.png", "x/2.png"]).find("x/2.png") == "s1/2.png"
