"""Cross-validation: folds with like shares of each cause, all fitted on each training part alone."""

from collections.abc import Iterator
from pathlib import Path

from sklearn.model_selection import StratifiedKFold

from components.kits.survival.cohort import EVENT
from components.kits.tables.folds import cut_anew
from components.recipes.competing_risks.params.cohort import CausesParams
from components.recipes.competing_risks.params.params import CausesJob


def write_folds(job: CausesJob, folder: Path) -> Iterator[CausesJob]:
    """A job for each fold, its prepared data below `folder`; the external cohort is in none."""
    params = job.params.crossval
    cut = StratifiedKFold(params.folds, shuffle=True, random_state=params.seed)
    return cut_anew(job, folder, cut, kind=CausesParams, label=EVENT)
