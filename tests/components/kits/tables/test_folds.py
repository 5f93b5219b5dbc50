from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import StratifiedKFold

from components.core.job import TEST, TRAIN, VALIDATION, Job, Meta
from components.core.params.case import CaseParams, CrossvalParams
from components.core.recipe import make_job
from components.kits.tables.encoding.encode import TableEncoder, fit_encoder
from components.kits.tables.encoding.spec import TableParams
from components.kits.tables.folds import cut_anew
from components.recipes.shared.serving import read_split
from tests.components.kits.tables.tables import APPLICATION, applications, block, prepare
from tests.toy.jobs import BesidePaths

SLOW = pytest.mark.slow


def test_folds_and_validations_are_of_whole_groups(tmp_path: Path) -> None:
    table = applications(600).assign(customer_id=[f"c{row // 3}" for row in range(600)])
    split = {"by": "group", "column": "customer_id", "validation": 0.2, "test": 0.2, "seed": 1}
    content = block(APPLICATION, split=split, ignore={"customer_id": "names whose they are"})
    prepare(tmp_path, table, content)
    params = CaseParams.model_construct(recipe="binary", prepare=content, crossval=CrossvalParams(folds=5, seed=3))
    job = make_job("toy", params, BesidePaths(tmp_path))
    cut = StratifiedKFold(5, shuffle=True, random_state=3)
    share = (table["y"] == "yes").mean()
    for fold in cut_anew(job, tmp_path / "folds", cut, kind=TableParams, label="target"):
        parts = [read_split(fold, name) for name in (TRAIN, VALIDATION, TEST)]
        assert sum(map(len, parts)) == 600
        customers = [set((part["row"] - 1) // 3) for part in parts]
        assert sum(map(len, customers)) == 200  # each in one part
        for part, size in zip(parts, (360, 120, 120), strict=True):
            assert len(part) == pytest.approx(size, abs=12)
            assert part["target"].mean() == pytest.approx(share, abs=0.03)


@pytest.fixture
def folds(prepared: Job, tmp_path: Path) -> list[Job]:
    cut = StratifiedKFold(4, shuffle=True, random_state=3)
    return list(cut_anew(prepared, tmp_path, cut, kind=TableParams, label="target"))


@SLOW
def test_every_row_is_tested_in_one_fold_and_is_in_one_part_of_each(prepared: Job, folds: list[Job]) -> None:
    every = sorted(np.concatenate([read_split(prepared, name)["row"] for name in (TRAIN, VALIDATION, TEST)]))
    assert sorted(np.concatenate([read_split(fold, TEST)["row"] for fold in folds])) == every
    for fold in folds:
        parts = [read_split(fold, name) for name in (TRAIN, VALIDATION, TEST)]
        assert sorted(np.concatenate([part["row"] for part in parts])) == every
        assert Meta.read(fold.paths.prepared(fold.case)).rows == {
            name: len(part) for name, part in zip((TRAIN, VALIDATION, TEST), parts, strict=True)
        }


@SLOW
def test_the_rest_of_a_fold_is_cut_by_the_share_of_the_case_in_each_class(prepared: Job, folds: list[Job]) -> None:
    split = TableParams.model_validate(Meta.read(prepared.paths.prepared(prepared.case)).data["spec"]).split
    share = split.validation / (1 - split.test)
    for fold in folds:
        train, held_out = (read_split(fold, name)["target"] for name in (TRAIN, VALIDATION))
        rest = len(train) + len(held_out)
        assert len(held_out) == pytest.approx(share * rest, abs=1)
        assert held_out.sum() == pytest.approx(share * (train.sum() + held_out.sum()), abs=1)


@SLOW
def test_the_encoder_of_a_fold_knows_its_training_rows_alone(folds: list[Job]) -> None:
    for fold in folds:
        meta = Meta.read(fold.paths.prepared(fold.case))
        train: pd.DataFrame = read_split(fold, TRAIN)
        expected: TableEncoder = fit_encoder(train, TableParams.model_validate(meta.data["spec"]))
        assert meta.data["encoder"] == expected.to_json()
    encoders = [Meta.read(fold.paths.prepared(fold.case)).data["encoder"] for fold in folds]
    assert encoders[0] != encoders[1]
