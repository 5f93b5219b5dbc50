"""Cross-validation where time orders the rows: the same split under other seeds."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from components.recipes.next_item.params.params import NextItemJob
from components.recipes.shared.folds import reseeded


def write_folds(job: NextItemJob, folder: Path) -> Iterator[NextItemJob]:
    """A job for each seed, counted from `crossval.seed`, its prepared data below `folder`.

    Shuffled folds would let a model learn from what came after the item that it is asked for, so the
    question stays that of the case's own split, and what differs is what chance decides in training.
    """

    def copy(fold: NextItemJob) -> None:  # no seed is in prepared data
        shutil.copytree(job.paths.prepared(job.case), fold.paths.prepared(job.case))

    return reseeded(job, folder, lambda seed: {"search.seed": seed}, copy)
