"""Cross-validation: scikit-learn's plain folds of the prepared rows, all fitted on each training part alone."""

from collections.abc import Iterator
from pathlib import Path

from sklearn.model_selection import KFold

from components.kits.survival.cohort import EVENT, CohortParams
from components.kits.tables.folds import cut_anew
from components.recipes.survival.params.params import SurvivalJob


def write_folds(job: SurvivalJob, folder: Path) -> Iterator[SurvivalJob]:
    """A job for each fold, its prepared data below `folder`; the external cohort is in none."""
    params = job.params.crossval
    cut = KFold(params.folds, shuffle=True, random_state=params.seed)
    return cut_anew(job, folder, cut, kind=CohortParams, label=EVENT)
