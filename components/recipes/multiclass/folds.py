"""Cross-validation: scikit-learn's stratified folds of the prepared rows, all fitted on each training part alone."""

from collections.abc import Iterator
from pathlib import Path

from sklearn.model_selection import StratifiedKFold

from components.kits.tables.encoding.spec import TARGET
from components.kits.tables.folds import cut_anew
from components.kits.tables.outcome.classes import class_strata
from components.kits.tables.outcome.params import ClassesParams
from components.recipes.multiclass.params import ClassesJob


def write_folds(job: ClassesJob, folder: Path) -> Iterator[ClassesJob]:
    """A job for each fold, its prepared data below `folder`."""
    params = job.params.crossval
    cut = StratifiedKFold(params.folds, shuffle=True, random_state=params.seed)
    return cut_anew(job, folder, cut, kind=ClassesParams, label=TARGET, strata=class_strata)
