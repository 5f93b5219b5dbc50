"""The external cohort is read by the final evaluation and by nothing before it."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from pyarrow import ArrowInvalid

from components.compression.compare import compare
from components.compression.make import make_variants
from components.core.files import dvc_md5
from components.core.job import EXTERNAL, PREPARED_FILES, TEST, VALIDATION, Job, Paths
from components.core.params.overrides import override
from components.core.recipe import make_job, recipe_of
from components.tuning.search import search
from components.tuning.trials import FitFunctions
from tests.components.recipes.survival.conftest import NAME, fit_job
from tests.toy.jobs import toy_job

pytestmark = pytest.mark.slow


def work(job: Job, folder: Path) -> None:
    """All that search, fit and compress do, and a fold of a cross-validation."""
    from components.training.fit import fit, resume_point

    recipe = recipe_of(job)
    state = folder / "search"
    state.mkdir(parents=True)
    search(
        job,
        recipe.training,
        FitFunctions(fit, resume_point),
        storage_url=f"sqlite:///{state / 'study.db'}",
        state=state,
        tell=lambda _: None,
    )
    fit_job(job)
    compare(job, recipe, make_variants(job, recipe, job.paths.fitted(NAME), folder / "variants"))
    next(iter(recipe.folds.write_folds(job, folder / "folds")))


def test_nothing_before_the_evaluation_opens_it(job: Job, tmp_path: Path) -> None:
    again = replace(job, paths=Paths(tmp_path))
    prepared = again.paths.prepared(NAME)
    shutil.copytree(job.paths.prepared(NAME), prepared)
    (prepared / PREPARED_FILES[EXTERNAL]).write_bytes(b"whoever opens this falls over it")
    work(again, tmp_path / "work")
    with pytest.raises(ArrowInvalid):  # the evaluation does
        recipe_of(job).reporting.report(again, again.paths.fitted(NAME), again.paths.fitted(NAME) / "bundle")
    shutil.copyfile(job.paths.prepared(NAME) / PREPARED_FILES[EXTERNAL], prepared / PREPARED_FILES[EXTERNAL])
    found = recipe_of(job).reporting.report(again, again.paths.fitted(NAME), again.paths.fitted(NAME) / "bundle")
    assert [one.split for one in found.scores] == [VALIDATION, TEST, EXTERNAL]


def test_what_is_served_is_the_same_without_it(job: Job, tmp_path: Path) -> None:
    """Prepared, fitted and assembled from a cohort alone: the same bytes of all but the params that name it."""
    from pipelines.steps import fetch, prepare

    alone = toy_job(NAME, tmp_path, prepare__external=None)
    fetch.run(alone)
    prepare.run(alone)
    fit_job(alone)
    both = [one.paths.fitted(NAME) / "bundle" for one in (alone, job)]
    for name in ("learner.onnx", "cox.json", "forest.parquet", "boosting.parquet"):
        assert dvc_md5(both[0] / name) == dvc_md5(both[1] / name), name
    found = recipe_of(alone).reporting.report(alone, alone.paths.fitted(NAME), both[0])
    assert [one.split for one in found.scores] == [VALIDATION, TEST]


def test_deep_cox_is_a_parameter(job: Job, tmp_path: Path) -> None:
    params = override(job.params, {"model.network.objective": "cox", "fit.max_epochs": 2})
    cox = make_job(NAME, params, Paths(tmp_path))
    prepared = cox.paths.prepared(NAME)
    prepared.parent.mkdir(parents=True)
    prepared.symlink_to(job.paths.prepared(NAME))
    fit_job(cox)
    answers = recipe_of(cox).serving.answers(cox, cox.paths.fitted(NAME) / "bundle", TEST)
    assert ((answers.score > 0) & (answers.score < 1)).all()
