from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import StratifiedKFold

from components.core.job import TEST, TRAIN, VALIDATION, Job, Meta
from components.kits.tables.encoding.encode import TableEncoder, fit_encoder
from components.kits.tables.encoding.spec import TableParams
from components.kits.tables.folds import cut_anew
from components.recipes.shared.serving import read_split

pytestmark = pytest.mark.slow


@pytest.fixture
def folds(prepared: Job, tmp_path: Path) -> list[Job]:
    cut = StratifiedKFold(4, shuffle=True, random_state=3)
    return list(cut_anew(prepared, tmp_path, cut, kind=TableParams, label="target"))


def test_every_row_is_tested_in_one_fold_and_is_in_one_part_of_each(prepared: Job, folds: list[Job]) -> None:
    every = sorted(np.concatenate([read_split(prepared, name)["row"] for name in (TRAIN, VALIDATION, TEST)]))
    assert sorted(np.concatenate([read_split(fold, TEST)["row"] for fold in folds])) == every
    for fold in folds:
        parts = [read_split(fold, name) for name in (TRAIN, VALIDATION, TEST)]
        assert sorted(np.concatenate([part["row"] for part in parts])) == every
        assert Meta.read(fold.paths.prepared(fold.case)).rows == {
            name: len(part) for name, part in zip((TRAIN, VALIDATION, TEST), parts, strict=True)
        }


def test_the_rest_of_a_fold_is_cut_by_the_share_of_the_case_in_each_class(prepared: Job, folds: list[Job]) -> None:
    split = TableParams.model_validate(Meta.read(prepared.paths.prepared(prepared.case)).data["spec"]).split
    share = split.validation / (1 - split.test)
    for fold in folds:
        train, held_out = (read_split(fold, name)["target"] for name in (TRAIN, VALIDATION))
        rest = len(train) + len(held_out)
        assert len(held_out) == pytest.approx(share * rest, abs=1)
        assert held_out.sum() == pytest.approx(share * (train.sum() + held_out.sum()), abs=1)


def test_the_encoder_of_a_fold_knows_its_training_rows_alone(folds: list[Job]) -> None:
    for fold in folds:
        meta = Meta.read(fold.paths.prepared(fold.case))
        train: pd.DataFrame = read_split(fold, TRAIN)
        expected: TableEncoder = fit_encoder(train, TableParams.model_validate(meta.data["spec"]))
        assert meta.data["encoder"] == expected.to_json()
    encoders = [Meta.read(fold.paths.prepared(fold.case)).data["encoder"] for fold in folds]
    assert encoders[0] != encoders[1]
