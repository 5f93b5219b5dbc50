import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import tifffile

from components.core.errors import CasebookError
from components.core.files import dvc_md5
from components.core.job import EXTERNAL, PREPARED_FILES, TEST, TRAIN, VALIDATION, Meta, Paths
from components.recipes.detection.encoding.rows import read_rows
from components.recipes.detection.preparation.simulate.prepare import prepare_simulated
from pipelines.steps import fetch
from tests.toy.jobs import BesidePaths, toy_job

CASE = "medical_cells"


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    job = toy_job(CASE, tmp_path_factory.mktemp("cells"))
    fetch.run(job)
    return job


@dataclass(frozen=True)
class Elsewhere(Paths):
    """The raw data of the root, prepared in a folder of its own."""

    out: Path

    def prepared(self, case: str) -> Path:  # noqa: ARG002
        return self.out


def prepare(job, out, **values):
    job = job.with_values({name.replace("__", "."): value for name, value in values.items()})
    return prepare_simulated(replace(job, paths=Elsewhere(job.paths.root, out)))


def test_every_split_has_its_images_and_the_external_one_stands_apart(job, tmp_path):
    meta = prepare(job, tmp_path / "out")
    assert meta.rows == {TRAIN: 8, VALIDATION: 3, TEST: 4, EXTERNAL: 1, "rejected": 0}
    names = [
        row.name for split in (TRAIN, VALIDATION, TEST) for row in read_rows(tmp_path / "out" / PREPARED_FILES[split])
    ]
    assert len(set(names)) == 8 + 3 + 4
    assert Meta.read(tmp_path / "out") == meta
    assert meta.data["boxes"][EXTERNAL] == {"nucleus": 10}


def test_the_same_params_give_the_same_bytes_and_another_seed_others(job, tmp_path):
    for name, seed in (("one", 7), ("same", 7), ("other", 8)):
        prepare(job, tmp_path / name, prepare__simulate__seed=seed)
    digests = [dvc_md5(tmp_path / name / PREPARED_FILES[TRAIN]) for name in ("one", "same", "other")]
    assert digests[0] == digests[1] != digests[2]


def test_boxes_are_those_of_the_external_mask(job, tmp_path):
    prepare(job, tmp_path / "out")
    (row,) = read_rows(tmp_path / "out" / PREPARED_FILES[EXTERNAL])
    mask = tifffile.imread(job.paths.raw(CASE) / "mask.tif")
    assert (row.width, row.height) == (96, 64)
    for number, box in enumerate(row.boxes, start=1):
        rows, columns = np.nonzero(mask == number)
        assert box.tolist() == [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]


def test_without_an_external_image_there_is_no_such_split(job, tmp_path):
    meta = prepare(job, tmp_path / "out", prepare__simulate__external=None)
    assert EXTERNAL not in meta.rows
    assert not (tmp_path / "out" / PREPARED_FILES[EXTERNAL]).exists()


def test_training_images_do_not_depend_on_the_external_one(job, tmp_path):
    prepare(job, tmp_path / "with")
    prepare(job, tmp_path / "without", prepare__simulate__external=None)
    for split in (TRAIN, VALIDATION, TEST):
        assert dvc_md5(tmp_path / "with" / PREPARED_FILES[split]) == dvc_md5(
            tmp_path / "without" / PREPARED_FILES[split]
        )


def test_a_mask_of_another_size_is_no_mask_of_the_image(job, tmp_path):
    shutil.copytree(job.paths.raw(CASE), tmp_path / "raw")
    tifffile.imwrite(tmp_path / "raw" / "mask.tif", np.ones((5, 5), np.uint16))
    with pytest.raises(CasebookError, match=r"mask.tif: shape \(5, 5\) of uint16 for an image of 64 by 96"):
        prepare_simulated(replace(job, paths=BesidePaths(tmp_path)))
    assert not (tmp_path / "prepared").exists()


def test_another_form_is_not_simulated(job, tmp_path):
    with pytest.raises(CasebookError, match="form 'voc' is not simulated"):
        prepare(job, tmp_path / "out", prepare__form="voc", prepare__simulate=None)


def test_pixels_are_those_that_a_camera_would_store(job, tmp_path):
    prepare(job, tmp_path / "out")
    spec_row = next(read_rows(tmp_path / "out" / PREPARED_FILES[TRAIN]))
    assert spec_row.pixels.startswith(b"\x89PNG")
    assert pq.read_schema(tmp_path / "out" / PREPARED_FILES[TRAIN]).names[0] == "image"
