"""Cross-validation of text: the same corpus cut into other blocks."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from components.cases.pinyin_hanzi.params import ConversionJob
from components.contracts import Paths
from components.params import override
from components.preparation.pinyin.prepare import prepare_pinyin


def write_folds(job: ConversionJob, folder: Path) -> Iterator[ConversionJob]:
    """A job for each shuffle of the blocks, by seeds counted from `crossval.seed`, its prepared data below `folder`."""
    for number in range(job.params.crossval.folds):
        paths, seed = Paths(folder / f"fold-{number}"), job.params.crossval.seed + number
        params = override(job.params, {"prepare.split.seed": seed, "fit.seed": seed})
        target = paths.prepared(job.case)
        target.parent.mkdir(parents=True, exist_ok=True)
        prepare_pinyin(job.paths.raw(job.case), target, job.case, params)
        yield replace(job, paths=paths, params=params)
