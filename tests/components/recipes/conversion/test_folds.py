import pandas as pd
import pytest

from components.core.job import PREPARED_FILES, TEST
from components.recipes.conversion.folds import write_folds
from components.recipes.conversion.preparation.preparation import prepare
from components.sources.fetch import fetch
from tests.toy.jobs import toy_job


@pytest.mark.slow
def test_folds_are_other_shuffles_of_the_same_text(tmp_path):
    job = toy_job("pinyin_hanzi", tmp_path, crossval__folds=2, crossval__seed=3)
    fetch(job.params.source, job.paths.raw(job.case), tmp_path, tmp_path / "cache")
    rows = prepare(job).rows
    folds = list(write_folds(job, tmp_path / "folds"))
    assert [fold.params.fit.seed for fold in folds] == [3, 4]
    tests = [set(read(one)["clause"]) for one in (job, *folds)]
    assert len(tests) == len({frozenset(one) for one in tests})
    for fold in folds:
        found = [pd.read_parquet(fold.paths.prepared(fold.case) / name) for name in list(PREPARED_FILES.values())[:3]]
        assert sum(map(len, found)) == sum(rows.values()) - rows["rejected"]


def read(job):
    return pd.read_parquet(job.paths.prepared(job.case) / PREPARED_FILES[TEST])
