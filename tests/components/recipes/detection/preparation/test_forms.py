"""Boxes that are written in any of the forms are read as the same boxes."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.recipes.detection.preparation.infer import Seen, infer_images
from tests.components.recipes.detection.preparation.folders import CELL, HEIGHT, WIDTH, Box, every, picture, prepare
from tests.components.recipes.detection.preparation.forms import FORMS, Boxes, lab
from tests.examples import examples

CELLS_ACROSS, CELLS_DOWN = 3, 2  # boxes lie in cells of a grid: a mask has no two of them on one pixel


@st.composite
def boxes(draw: st.DrawFn) -> list[Box]:
    """Of an image; whole numbers, two pixels or more, apart from each other."""
    found: list[Box] = []
    for place in draw(st.sets(st.integers(0, CELLS_ACROSS * CELLS_DOWN - 1), max_size=4)):
        row, column = divmod(place, CELLS_ACROSS)
        wide, high = WIDTH // CELLS_ACROSS, HEIGHT // CELLS_DOWN
        x1, y1 = column * wide + draw(st.integers(0, wide - 3)), row * high + draw(st.integers(0, high - 3))
        x2, y2 = draw(st.integers(x1 + 2, (column + 1) * wide - 1)), draw(st.integers(y1 + 2, (row + 1) * high - 1))
        found.append((draw(st.sampled_from(["cell", "platelet"])), x1, y1, x2, y2))
    return found


def read(seen: Seen, *, classes: bool) -> dict[str, list[tuple[object, ...]]]:
    return {
        one.record.name: sorted(
            (label if classes else "", *np.round(box, 3).tolist())
            for label, box in zip(one.record.labels, found, strict=True)
        )
        for one, found in zip(seen.sized, seen.boxes, strict=True)
    }


@settings(max_examples=examples(12), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(images=st.lists(boxes(), min_size=2, max_size=3).filter(any))
def test_boxes_written_in_five_forms_are_read_back_the_same(tmp_path: Path, images: list[list[Box]]) -> None:
    written: Boxes = {f"im{number}": found for number, found in enumerate(images)}
    for form in FORMS:
        named = form != "masks"  # a mask names no class
        with TemporaryDirectory(dir=tmp_path) as folder:
            seen = infer_images(lab(Path(folder), form, written))
        expected = {
            f"{name}.png": sorted((box[0] if named else "", *map(float, box[1:])) for box in found)
            for name, found in written.items()
        }
        assert read(seen, classes=named) == expected, form
        assert seen.prepare["form"] == ("coco" if form == "runs" else form)


@pytest.mark.parametrize("form", [*FORMS])
def test_a_form_that_new_recognises_can_be_prepared(tmp_path: Path, form: str) -> None:
    written: Boxes = {f"im{number}": [CELL, ("RBC", 20, 4, 31, 15)] for number in range(8)}
    block = infer_images(lab(tmp_path / "lab", form, written)).prepare
    assert block["classes"] == (["object"] if form == "masks" else ["RBC", "cell"])
    shutil.copytree(tmp_path / "lab", tmp_path / "raw")
    meta = prepare(tmp_path, block)
    assert meta.rows["rejected"] == 0
    found = every(tmp_path)
    assert sorted(found) == [f"im{number}.png" for number in range(8)]
    for row in found.values():
        np.testing.assert_allclose(sorted(row.boxes.tolist()), [[2, 3, 12, 13], [20, 4, 31, 15]], atol=1e-3)


def test_yolo_as_it_is_exported_with_a_folder_for_each_part(tmp_path: Path) -> None:
    for place, part in enumerate(("train", "valid", "test")):
        (tmp_path / "lab" / part / "labels").mkdir(parents=True)
        for number in range(3):  # the same names in each part
            picture(tmp_path / "lab" / part / "images" / f"{number}.jpg", seed=number + 3 * place)
            text = "0 0.5 0.5 0.25 0.5\n" if part != "test" else "1 0.5 0.5 0.5 0.5\n0 0.5 0.5 0.1 0.2\n"
            (tmp_path / "lab" / part / "labels" / f"{number}.txt").write_text(text)
    (tmp_path / "lab" / "data.yaml").write_text("train: ../train/images\nnc: 2\nnames: {0: cell, 1: platelet}\n")
    (tmp_path / "lab" / "README.roboflow.txt").write_text("exported\n")
    seen = infer_images(tmp_path / "lab")
    assert (seen.prepare["form"], seen.prepare["images"], seen.prepare["annotations"]) == ("yolo", ".", ".")
    assert seen.prepare["lists"] == {"train": "train/images", "validation": "valid/images", "test": "test/images"}
    shutil.copytree(tmp_path / "lab", tmp_path / "raw")
    meta = prepare(tmp_path, {**seen.prepare, "classes": ["cell"], "max_rejected": 0.3})
    assert meta.rows == {"train": 3, "validation": 3, "test": 3, "rejected": 3}
    row = every(tmp_path)["test/images/0.jpg"]
    np.testing.assert_allclose(row.boxes, [[18, 12, 22, 18]], atol=1e-4)
