from dataclasses import replace
from pathlib import Path

from components.core.job import Job
from components.core.params.overrides import override
from components.recipes.shared.folds import reseeded
from tests.toy.jobs import toy_job


def test_each_fold_is_prepared_under_a_seed_of_its_own(tmp_path: Path) -> None:
    job = toy_job("recommender", tmp_path)
    job = replace(job, params=override(job.params, {"crossval.folds": 2, "crossval.seed": 7}))
    seeds: list[int] = []

    def prepare(fold: Job) -> None:
        assert fold.paths.raw(fold.case) == job.paths.raw(job.case)
        fold.paths.prepared(fold.case).mkdir()
        seeds.append(fold.params.search.seed)

    folds = list(reseeded(job, tmp_path / "folds", lambda seed: {"search.seed": 10 * seed}, prepare))
    assert seeds == [70, 80]
    assert [(fold.params.fit.seed, fold.params.search.seed) for fold in folds] == [(7, 70), (8, 80)]
    assert [fold.paths.root for fold in folds] == [tmp_path / "folds" / "fold-0", tmp_path / "folds" / "fold-1"]
    assert all(fold.paths.prepared(fold.case).is_dir() for fold in folds)
