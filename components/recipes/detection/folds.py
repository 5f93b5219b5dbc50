"""Cross-validation of images: the same images split otherwise, or other simulated ones."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from components.recipes.detection.params.params import DetectionJob
from components.recipes.detection.preparation.preparation import prepare
from components.recipes.shared.folds import reseeded


def write_folds(job: DetectionJob, folder: Path) -> Iterator[DetectionJob]:
    """A job for each seed counted from `crossval.seed`, its prepared data below `folder`.

    The data's own lists are left aside: they are one split.
    """
    simulated = job.prepare.form == "simulated"

    def values(seed: int) -> dict[str, Any]:
        return {"prepare.simulate.seed": seed} if simulated else {"prepare.split.seed": seed, "prepare.lists": None}

    return reseeded(job, folder, values, prepare)
