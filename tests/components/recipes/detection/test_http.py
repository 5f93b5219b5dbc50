"""Images as HTTP brings them: answered as by `casebook predict`, and each way in which one can be wrong."""

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image

from components.core.errors import CasebookError
from components.recipes.detection.encoding.looks import Looks
from components.recipes.detection.http import ImageService, open_service
from components.recipes.detection.predict import predict_file
from components.recipes.detection.watch import WATCH
from components.serving.problems import Problem
from components.serving.service import Options
from tests.components.recipes.detection.images import encoded, png_of_size, tiff
from tests.components.recipes.detection.serving.tiny import make, picture

GREY = (picture(96, 64, (20, 12), (60, 36))[..., 0] * 255).astype(np.uint8)
FILES = {
    "grey.png": encoded(GREY),
    "grey.bmp": encoded(GREY, "BMP"),
    "deep.tif": tiff(GREY.astype(np.uint16) * 257, compression="zlib"),
    "colour.jpg": encoded(np.stack([GREY] * 3, axis=-1), "JPEG"),
    "one.png": encoded(np.zeros((1, 1), np.uint8)),
    "thin.png": encoded(np.full((300, 1), 255, np.uint8)),
}
BROKEN = {
    "wide.png": png_of_size(20_000, 1_000, 1),
    "empty.png": b"",
    "cut.png": FILES["grey.png"][:60],
    "words.png": b"no image",
    "cells.gif": encoded(GREY, "GIF"),
    "two.tif": tiff(np.stack([GREY, GREY]), photometric="minisblack"),
    "channels.tif": tiff(np.zeros((8, 8, 5), np.uint8), photometric="minisblack", planarconfig="contig"),
    "bomb.png": png_of_size(30_000, 30_000, 20),
}


@pytest.fixture
def bundle(tmp_path):
    make(tmp_path / "bundle")
    return tmp_path / "bundle"


@pytest.fixture
def service(bundle):
    return open_service(bundle, None, None)


def row(content: bytes, name: str) -> dict[str, str]:
    return {"image": base64.b64encode(content).decode(), "name": name}


def answer(service: ImageService, content: bytes, name: str = "a", **options):
    found = service.options(options)
    assert service.check(row(content, name)) == []
    (answered,) = service.answer([row(content, name)], Options(more=found))
    return answered


def written(bundle, folder, content: bytes, name: str, **options):
    """What `casebook predict` writes."""
    (source := folder / name).write_bytes(content)
    predict_file(bundle, source, folder / "boxes.json", options)
    return json.loads((folder / "boxes.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("options", [{}, {"threshold": 0.9}, {"channel": 1, "pixel_size": 2.0}])
def test_answers_are_those_of_predict(bundle, service, tmp_path, name, options):
    counts = tmp_path / "counts.csv"
    document = written(bundle, tmp_path, FILES[name], name, **options, counts=counts, draw=tmp_path / "drawn")
    values = answer(service, FILES[name], name, **options, draw=True).values
    (image,) = document["images"]
    assert (values["image"], values["height"], values["width"]) == (name, image["height"], image["width"])
    assert values["warnings"] == image.get("warnings", [])
    assert values["cut"] == image.get("cut", False)
    boxes = [{**one, "image_id": 1} for one in values["annotations"]]
    assert {one.pop("category") for one in boxes} <= {"square"}
    assert boxes == document["annotations"]
    assert (values["count"], values["counts"]) == (len(boxes), {"square": len(boxes)})
    area = counts.read_text(encoding="utf-8").splitlines()[1].split(",")[3]
    assert values["mm2"] == (float(area) if area else None)
    drawn = tmp_path / "drawn" / (name if name.endswith(".png") else f"{name}.png")
    seen = Image.open(io.BytesIO(base64.b64decode(values["drawn"])))
    assert np.array_equal(np.asarray(seen), np.asarray(Image.open(drawn)))


def test_the_table_that_mlflow_answers_is_that_of_the_predictor(service):
    import pandas as pd

    named = [{"image": name, "pixels": base64.b64encode(content).decode()} for name, content in FILES.items()]
    assert [one for given in named for one in service.check(given)] == []
    answers = [one.values for one in service.answer(service.gathered(named), Options())]
    frame = pd.DataFrame({"image": list(FILES), "pixels": list(FILES.values())})
    pd.testing.assert_frame_equal(pd.DataFrame(service.flat(answers)), service.predictor.predict(frame))
    assert sum(one["count"] for one in answers) >= 8


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_image_is_named_as_predict_names_it(bundle, service, tmp_path, name):
    (detail,) = answer(service, BROKEN[name], name).wrong
    assert (detail.loc, detail.given) == (("image",), name)
    assert detail.msg.startswith(f"{name}: ")
    if name in ("words.png", "cells.gif", "wide.png"):  # which it reads, or passes over; see encoding/test_size.py
        return
    with pytest.raises(CasebookError) as error:
        written(bundle, tmp_path, BROKEN[name], name)
    said = str(error.value).splitlines()[1].rpartition(f"{name}: ")[2]
    assert said[:20] in detail.msg


def test_which_channel_is_meant_is_a_key_of_the_request(service):
    (detail,) = answer(service, BROKEN["channels.tif"]).wrong
    assert detail.msg.endswith("name the one to look at, counted from 1, with the key channel")
    assert answer(service, BROKEN["channels.tif"], channel=5).values["count"] == 0
    (detail,) = answer(service, BROKEN["channels.tif"], channel=6).wrong
    assert detail.msg == "a: it has 5 channels, and channel 6 is asked for"


def test_the_others_are_answered_beside_a_broken_one(service):
    rows = [row(content, name) for name, content in {**FILES, **BROKEN}.items()]
    answers = service.answer(rows, Options())
    assert [bool(one.wrong) for one in answers] == [False] * len(FILES) + [True] * len(BROKEN)


@pytest.mark.parametrize("length", range(0, len(FILES["deep.tif"]), 7))
def test_no_cut_file_is_more_than_a_problem(service, length):
    for name in ("grey.png", "deep.tif", "colour.jpg"):
        answered = answer(service, FILES[name][:length])
        assert answered.wrong or answered.values


def test_what_is_written_around_base64_is_taken_and_what_is_none_told(service):
    text = row(FILES["grey.png"], "a")["image"]
    wrapped = "\n".join(text[start : start + 76] for start in range(0, len(text), 76))
    rows = [{"image": text}, {"image": wrapped}, {"image": f"data:image/png;base64,{text}"}, {"image": "§"}]
    *same, wrong = service.answer(rows, Options())
    assert [one.values["count"] for one in same] == [2, 2, 2]
    assert "no base64" in wrong.wrong[0].msg


@pytest.mark.parametrize(
    ("given", "loc"),
    [
        (3, ()),
        ({}, ("image",)),
        ({"image": None}, ("image",)),
        ({"image": [1, 2]}, ("image",)),
        ({"image": "a", "colour": 1}, ("colour",)),
        ({"image": "a", "name": 7}, ("name",)),
        ({"image": "a" * 201, "pixels": "a"}, ("image",)),
        ({"image": "a", "pixels": None}, ("pixels",)),
    ],
)
def test_a_row_of_a_wrong_form_is_told_where(service, given, loc):
    assert [one.loc for one in service.check(given)] == [loc]


@pytest.mark.parametrize(
    "given",
    [
        {"draw": 1},
        {"threshold": 0.01},
        {"threshold": True},
        {"threshold": 1},
        {"channel": 0},
        {"channel": 1.5},
        {"pixel_size": 0},
        {"pixel_size": "2"},
        {"top": 3},
    ],
)
def test_keys_of_wrong_values_are_told(service, given):
    with pytest.raises(Problem) as problem:
        service.options(given)
    assert problem.value.status == 422
    assert [one.loc for one in problem.value.detail] == [tuple(given)]


def test_what_training_never_had_is_a_warning_or_refused(tmp_path):
    looks = Looks(depths=("uint16",), channels=(1,), bright=(0.5, 1.0), detail=(0.0, 9.0), dicom=False)
    make(tmp_path / "bundle", looks=looks)
    service = open_service(tmp_path / "bundle", None, None)
    assert answer(service, FILES["grey.png"]).values["warnings"] == ["uint8, and training images are uint16"]
    (strict,) = service.answer([row(FILES["grey.png"], "a.png")], Options(strict=True))
    assert strict.wrong[0].msg == "a.png: uint8, and training images are uint16"


def test_what_is_logged_is_what_monitoring_reads_and_says(bundle, service):
    import pandas as pd

    answered = [answer(service, content, name) for name, content in FILES.items()]
    rows = pd.DataFrame([kept for one in answered for kept in one.kept])
    observed = WATCH.observe(None, bundle, rows)
    pd.testing.assert_frame_equal(pd.DataFrame([one.told for one in answered]), observed.scores)
    assert answer(service, FILES["grey.png"], threshold=0.999999).told == answered[0].told
    assert answer(service, FILES["grey.png"], channel=1).kept == ()


@pytest.mark.parametrize("depth", ["uint8", "uint16"])
def test_the_example_is_an_image_that_is_answered_without_a_word(tmp_path, depth):
    looks = Looks(depths=(depth,), channels=(1,), bright=(0.5, 1.0), detail=(0.05, 0.6), dicom=False)
    make(tmp_path / "bundle", looks=looks, scale=1.5)
    service = open_service(tmp_path / "bundle", None, None)
    (example,) = service.schema()["examples"]
    assert service.check(example) == []
    (answered,) = service.answer([example], Options(strict=True))
    assert not answered.wrong
    assert len(example["image"]) < 40_000
    assert service.about() == {"classes": ["square"], "threshold": [0.5]}
