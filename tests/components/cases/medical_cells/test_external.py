"""The real micrograph is for the last question alone: whoever else opens it fails here."""

from dataclasses import replace

import pytest
import torch

from components.cases.medical_cells.folds import write_folds
from components.contracts import EXTERNAL, PREPARED_FILES, TEST, VALIDATION, Meta
from components.errors import CasebookError
from components.files import whole_folder
from components.params import override
from components.training.fit import fit
from pipelines.cases import load_case
from pipelines.steps import fetch, prepare
from tests.toy.jobs import toy_job

CASE = "medical_cells"


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    job = toy_job(CASE, tmp_path_factory.mktemp("cells"), compress__variants=["int8_static"])
    fetch.run(job)
    prepare.run(job)
    return job


@pytest.mark.slow
def test_only_the_evaluation_reads_the_external_image(job, tmp_path):
    prepared = job.paths.prepared(CASE)
    external = prepared / PREPARED_FILES[EXTERNAL]
    content = external.read_bytes()
    external.write_bytes(b"not to be read")
    case = load_case(job)
    learner, _ = fit(job, case, state=tmp_path / "state")
    with whole_folder(job.paths.fitted(CASE)) as folder:
        case.assemble(job, learner, folder)
        torch.save(learner.state_dict(), folder / "learner.pt")
    folders = case.variants(job, job.paths.fitted(CASE), tmp_path / "variants")
    for split in (VALIDATION, TEST):
        case.answers(job, folders["int8_static"], split)
    case.example(job)
    with pytest.raises(Exception, match=r"[Pp]arquet"):
        case.report(job, job.paths.fitted(CASE))
    external.write_bytes(content)
    scores = case.report(job, job.paths.fitted(CASE)).scores
    assert [one.split for one in scores] == [VALIDATION, TEST, EXTERNAL]


def test_folds_are_other_simulations_with_other_seeds(job, tmp_path):
    two = replace(job, params=override(job.params, {"crossval.folds": 2}))
    first, second = write_folds(two, tmp_path)
    assert (first.params.fit.seed, second.params.fit.seed) == (7, 8)
    boxes = [Meta.read(one.paths.prepared(CASE)).data["boxes"]["train"]["nucleus"] for one in (first, second)]
    assert boxes[0] != boxes[1]


def test_a_variant_of_another_case_is_named(job, tmp_path):
    other = replace(job, params=override(job.params, {"compress.variants": ["int8_dynamic"]}))
    with pytest.raises(CasebookError, match="'int8_dynamic' is none of this case's; there are: int8_static, pruned"):
        load_case(other).variants(other, job.paths.fitted(CASE), tmp_path)
