import numpy as np
import pandas as pd
import pytest
import torch
from lightning.pytorch import Trainer

from components.core.job import PREPARED_FILES, TRAIN, VALIDATION, Job, Meta
from components.kits.tables.encoding.encode import Encoded
from components.kits.tables.learning.data import Rows, TableData, read_rows


@pytest.fixture
def data(prepared: Job) -> TableData:
    data = TableData(prepared.paths.prepared(prepared.case), prepared.params.fit, dtype=np.int8)
    data.trainer = Trainer(accelerator="cpu", devices=1, logger=False, enable_checkpointing=False)
    return data


def test_rows_become_tensors_of_the_types_that_learners_take() -> None:
    encoded = Encoded(np.zeros((2, 1)), np.ones((2, 3), np.float32), np.ones((2, 1), np.int64), {})
    numeric, categorical, target = Rows(encoded, np.array([0, 1], np.int8)).tensors()
    assert (numeric.dtype, categorical.dtype, target.dtype) == (torch.float32, torch.int64, torch.float32)
    assert (numeric.shape, categorical.shape, target.tolist()) == ((2, 3), (2, 1), [0.0, 1.0])


def test_a_split_is_encoded_by_the_encoder_of_its_meta(prepared: Job, data: TableData) -> None:
    folder = prepared.paths.prepared(prepared.case)
    frame = pd.read_parquet(folder / PREPARED_FILES[VALIDATION])
    rows = read_rows(folder, data.encoder, VALIDATION, dtype=np.int8)
    assert rows.target.tolist() == frame["target"].tolist()
    age = data.encoder.raw_names.index("Age")
    assert rows.encoded.raw[:, age].tolist() == frame["Age"].tolist()
    assert rows.encoded.numeric.shape == (len(frame), len(data.encoder.numeric_names))


def test_training_is_shuffled_in_batches_and_validation_is_one_batch_in_order(prepared: Job, data: TableData) -> None:
    counts = Meta.read(prepared.paths.prepared(prepared.case)).rows
    size = prepared.params.fit.batch_size
    batches = list(data.train_dataloader())
    assert (counts[TRAIN], size) == (256, 60)
    assert [len(target) for _, _, target in batches] == [60, 60, 60, 60, 256 - 4 * 60]
    seen = torch.cat([target for _, _, target in batches])
    assert not torch.equal(seen, torch.tensor(data.parts[0].target, dtype=torch.float32))
    (held_out,) = data.val_dataloader()
    assert torch.equal(held_out[2], torch.tensor(data.parts[1].target, dtype=torch.float32))


def test_files_are_read_once(data: TableData) -> None:
    assert data.parts is data.parts
