"""The real micrograph is for the last question alone: whoever else opens it fails here."""

from dataclasses import replace

import pytest
import torch

from components.compression.make import make_variants
from components.core.files import whole_folder
from components.core.job import EXTERNAL, PREPARED_FILES, TEST, VALIDATION, WEIGHTS, Meta
from components.core.params.overrides import override
from components.core.recipe import recipe_of
from components.recipes.detection.folds import write_folds
from components.training.fit import fit
from pipelines.steps import fetch, prepare
from tests.toy.jobs import toy_job

CASE = "medical_cells"


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    job = toy_job(CASE, tmp_path_factory.mktemp("cells"), compress__variants={"int8_static": {"calibration_rows": 4}})
    fetch.run(job)
    prepare.run(job)
    return job


@pytest.mark.slow
def test_only_the_evaluation_reads_the_external_image(job, tmp_path):
    prepared = job.paths.prepared(CASE)
    external = prepared / PREPARED_FILES[EXTERNAL]
    content = external.read_bytes()
    external.write_bytes(b"not to be read")
    recipe = recipe_of(job)
    learner, _ = fit(job, recipe.training, state=tmp_path / "state")
    with whole_folder(job.paths.fitted(CASE)) as folder:
        recipe.assembly.assemble(job, learner, folder)
        torch.save(learner.state_dict(), folder / WEIGHTS)
    folders = make_variants(job, recipe, job.paths.fitted(CASE), tmp_path / "variants")
    for split in (VALIDATION, TEST):
        recipe.serving.answers(job, folders["int8_static"], split)
    recipe.serving.example(job)
    with pytest.raises(Exception, match=r"[Pp]arquet"):
        recipe.reporting.report(job, job.paths.fitted(CASE), folders["int8_static"])
    external.write_bytes(content)
    scores = recipe.reporting.report(job, job.paths.fitted(CASE), folders["int8_static"]).scores
    assert [one.split for one in scores] == [VALIDATION, TEST, EXTERNAL]


def test_folds_are_other_simulations_with_other_seeds(job, tmp_path):
    two = replace(job, params=override(job.params, {"crossval.folds": 2}))
    first, second = write_folds(two, tmp_path)
    assert (first.params.fit.seed, second.params.fit.seed) == (7, 8)
    boxes = [Meta.read(one.paths.prepared(CASE)).data["boxes"]["train"]["nucleus"] for one in (first, second)]
    assert boxes[0] != boxes[1]
