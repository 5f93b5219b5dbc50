"""Cross-validation: scikit-learn's folds of the prepared rows, of like targets, all fitted on each training part."""

from collections.abc import Iterator
from pathlib import Path

from sklearn.model_selection import StratifiedKFold

from components.kits.tables.encoding.spec import TARGET
from components.kits.tables.folds import cut_anew
from components.kits.tables.outcome.number import number_strata
from components.kits.tables.outcome.params import NumberParams
from components.recipes.regression.params import RegressionJob


def write_folds(job: RegressionJob, folder: Path) -> Iterator[RegressionJob]:
    """A job for each fold, its prepared data below `folder`."""
    params = job.params.crossval
    cut = StratifiedKFold(params.folds, shuffle=True, random_state=params.seed)
    return cut_anew(job, folder, cut, kind=NumberParams, label=TARGET, strata=number_strata)
