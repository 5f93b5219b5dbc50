"""Cross-validation of text: the same corpus cut into other blocks."""

from collections.abc import Iterator
from pathlib import Path

from components.recipes.conversion.params.params import ConversionJob
from components.recipes.conversion.preparation.preparation import prepare
from components.recipes.shared.folds import reseeded


def write_folds(job: ConversionJob, folder: Path) -> Iterator[ConversionJob]:
    """A job for each shuffle of the blocks, by seeds counted from `crossval.seed`, its prepared data below `folder`."""
    return reseeded(job, folder, lambda seed: {"prepare.split.seed": seed}, prepare)
