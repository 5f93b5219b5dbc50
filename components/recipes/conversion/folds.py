"""Cross-validation of text: the same corpus cut into other blocks."""

from collections.abc import Iterator
from pathlib import Path

from components.core.job import Meta
from components.core.params.case import CaseParams
from components.recipes.conversion.params.params import ConversionJob
from components.recipes.conversion.preparation.preparation import prepare_pinyin
from components.recipes.shared.folds import reseeded


def write_folds(job: ConversionJob, folder: Path) -> Iterator[ConversionJob]:
    """A job for each shuffle of the blocks, by seeds counted from `crossval.seed`, its prepared data below `folder`."""

    def prepare(target: Path, params: CaseParams) -> Meta:
        return prepare_pinyin(job.paths.raw(job.case), target, job.case, params)

    return reseeded(job, folder, lambda seed: {"prepare.split.seed": seed}, prepare)
