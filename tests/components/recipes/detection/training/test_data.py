from dataclasses import replace

import numpy as np
import pytest
import torch

from components.core.errors import CasebookError
from components.core.job import PREPARED_FILES, TEST, TRAIN, VALIDATION
from components.core.params.overrides import override
from components.recipes.detection.encoding.rows import read_rows
from components.recipes.detection.training.augment import Picture
from components.recipes.detection.training.data import ImageData, ViewLoader, WholeLoader, collate
from components.recipes.detection.training.training import make_data
from components.training.fit import make_trainer
from pipelines.steps import fetch, prepare
from tests.components.recipes.detection.training.test_augment import PLAIN
from tests.components.training.test_slices import trainer_at
from tests.toy.jobs import toy_job

CASE = "medical_cells"
NO_BOXES, NO_LABELS = np.zeros((0, 4), np.float32), np.zeros(0, np.int64)


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    job = toy_job(CASE, tmp_path_factory.mktemp("cells"), fit__batch_size=3)
    fetch.run(job)
    prepare.run(job)
    return job


def make(job, *, whole=False) -> ImageData:
    data = make_data(job, whole=whole)
    data.trainer = make_trainer(job.params.fit, None, [])
    return data


def test_objects_are_as_large_as_the_network_wants_them(job):
    data = make(job)
    median = np.median(data.sides)
    assert 12 / 2 ** (1 / 8) <= median * data.scale <= 12 * 2 ** (1 / 8)
    (row, *_), (picture, *_) = read_rows(job.paths.prepared(CASE) / PREPARED_FILES[TRAIN]), data.training
    assert picture.boxes == pytest.approx(row.boxes * data.scale)
    assert picture.pixels.dtype == torch.uint8
    assert picture.pixels.shape == (1, round(64 * data.scale), round(64 * data.scale))


def test_images_are_not_enlarged_without_end_for_boxes_of_a_fraction_of_a_pixel(job):
    data = make(job)
    data.sides = np.full(9, 0.05, np.float32)  # shares of an image, read as pixels: 12 / .05 is 240 times, near 2^8
    with pytest.raises(
        CasebookError, match=r"measures 0\.05 pixels; to make it 12 an image of 64x64 would be 2\d\d times"
    ):
        _ = data.scale


def test_an_epoch_shows_every_image_before_it_shows_one_again(job):
    greys = [Picture(torch.full((1, 64, 64), 10 * one, dtype=torch.uint8), NO_BOXES, NO_LABELS) for one in range(8)]

    def shown(epoch: int) -> list[int]:
        loader = ViewLoader(greys, PLAIN, job.params.fit, (64, 64), 12, trainer_at(epoch))
        return [round(25.5 * image.mean().item()) for batch in loader for image in batch.images]

    first, second = shown(0), shown(1)
    assert sorted(first[:8]) == sorted(second[:8]) == list(range(8))
    assert len(set(first[8:])) == len(first) - 8 == 4
    assert first != second


def test_the_same_epoch_gives_the_same_views(job):
    first, second = list(make(job).train_dataloader()), list(make(job).train_dataloader())
    assert [len(batch.images) for batch in first] == [3, 3, 2]
    for one, other in zip(first, second, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_a_killed_epoch_goes_on_with_the_next_batch(job):
    loader = make(job).train_dataloader()
    batches = iter(loader)
    next(batches)
    again = make(job).train_dataloader()
    again.load_state_dict(loader.state_dict())
    rest = list(again)
    assert len(rest) == 2
    assert torch.equal(rest[0].images, next(batches).images)


def test_validation_images_are_whole_padded_and_hold_all_boxes(job):
    data = make(job)
    rows = list(read_rows(job.paths.prepared(CASE) / PREPARED_FILES[VALIDATION]))
    batches = list(data.val_dataloader())
    assert sum(len(batch.images) for batch in batches) == len(rows) == 3
    assert all(side % 32 == 0 for batch in batches for side in batch.images.shape[2:])
    assert sum(int((batch.labels >= 0).sum()) for batch in batches) == sum(len(row.boxes) for row in rows)


def test_with_the_whole_data_nothing_is_held_out_and_the_test_stays_out(job):
    data = make(job, whole=True)
    assert len(data.training) == 8 + 3
    assert data.val_dataloader() == []
    assert data.scale == make(job).scale  # of the training images alone: both fits see objects of one size
    test = next(read_rows(job.paths.prepared(CASE) / PREPARED_FILES[TEST]))
    shown = [picture.boxes.shape for picture in data.training if np.array_equal(picture.boxes, test.boxes * data.scale)]
    assert shown == []


def test_small_views_come_first(job):
    params = override(job.params, {"model.augment.small": {"factor": 0.5, "until": 0.5}})

    def sides(epochs: int) -> list[int]:
        chosen = override(params, {"fit.batch_size": 2, "fit.max_epochs": epochs})
        batches = list(make(replace(job, params=chosen)).train_dataloader())
        assert all(batch.images.shape[2] == batch.images.shape[3] for batch in batches)
        return [batch.images.shape[2] for batch in batches]

    assert sides(epochs=1) == [32, 32, 64, 64]  # the third begins when half is done
    assert sides(epochs=2) == [32, 32, 32, 32]


def test_images_of_one_size_go_together():
    shapes = [(32, 32), (32, 32), (32, 32), (32, 64), (32, 32)]
    pictures = [Picture(torch.zeros(1, *shape, dtype=torch.uint8), NO_BOXES, NO_LABELS) for shape in shapes]

    class Alone:
        global_rank, world_size = 0, 1

    loader = WholeLoader(pictures, 2, Alone())
    assert loader.batches == [[0, 1], [2], [3], [4]]


def test_boxes_are_padded_to_the_most_of_a_batch():
    def picture(count):
        return Picture(torch.zeros(1, 8, 8), np.ones((count, 4), np.float32), np.arange(count))

    batch = collate([picture(2), picture(0)], torch.device("cpu"))
    assert batch.labels.tolist() == [[0, 1], [-1, -1]]
    assert batch.boxes.shape == (2, 2, 4)
    assert collate([picture(0)], torch.device("cpu")).labels.tolist() == [[-1]]
