"""Cross-validation of images: the same images split otherwise, or other simulated ones."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from components.cases.medical_cells.params import DetectionJob
from components.cases.medical_cells.prepare import prepare_into
from components.contracts import Paths
from components.params import override


def write_folds(job: DetectionJob, folder: Path) -> Iterator[DetectionJob]:
    """A job for each seed counted from `crossval.seed`, its prepared data below `folder`.

    The data's own lists are left aside: they are one split.
    """
    simulated = job.params.prepare.get("form") == "simulated"
    for number in range(job.params.crossval.folds):
        paths, seed = Paths(folder / f"fold-{number}"), job.params.crossval.seed + number
        values = {"prepare.simulate.seed": seed} if simulated else {"prepare.split.seed": seed, "prepare.lists": None}
        params = override(job.params, {**values, "fit.seed": seed})
        target = paths.prepared(job.case)
        target.parent.mkdir(parents=True, exist_ok=True)
        prepare_into(job.paths.raw(job.case), target, job.case, params)
        yield replace(job, paths=paths, params=params)
