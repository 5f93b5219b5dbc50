"""Cross-validation: scikit-learn's stratified folds of the prepared rows, all fitted on each training part alone."""

from collections.abc import Iterator
from pathlib import Path

from sklearn.model_selection import StratifiedKFold

from components.cases.finance_risk.params import BinaryJob
from components.preparation.table.encoding.spec import TARGET, TableParams
from components.preparation.table.folds import cut_anew


def write_folds(job: BinaryJob, folder: Path) -> Iterator[BinaryJob]:
    """A job for each fold, its prepared data below `folder`."""
    params = job.params.crossval
    cut = StratifiedKFold(params.folds, shuffle=True, random_state=params.seed)
    return cut_anew(job, folder, cut, kind=TableParams, label=TARGET)
