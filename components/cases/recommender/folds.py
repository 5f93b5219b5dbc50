"""Cross-validation where time orders the rows: the same split under other seeds."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from components.cases.recommender.params import NextItemJob
from components.contracts import Paths
from components.params import override


def write_folds(job: NextItemJob, folder: Path) -> Iterator[NextItemJob]:
    """A job for each seed, counted from `crossval.seed`, its prepared data below `folder`.

    Shuffled folds would let a model learn from what came after the item that it is asked for, so the
    question stays that of the case's own split, and what differs is what chance decides in training.
    """
    for number in range(job.params.crossval.folds):
        paths = Paths(folder / f"fold-{number}")
        target = paths.prepared(job.case)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(job.paths.prepared(job.case), target)
        seed = job.params.crossval.seed + number
        yield replace(job, paths=paths, params=override(job.params, {"fit.seed": seed, "search.seed": seed}))
