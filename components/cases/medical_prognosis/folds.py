"""Cross-validation: the prepared rows cut anew, everything fitted on each training part alone."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import KFold, train_test_split

from components.cases.medical_prognosis.params import SurvivalJob
from components.contracts import PREPARED_FILES, TEST, TRAIN, VALIDATION, Meta, Paths
from components.preparation.table.encoding.cohort import EVENT, CohortParams
from components.preparation.table.encoding.encode import fit_encoder


def write_folds(job: SurvivalJob, folder: Path) -> Iterator[SurvivalJob]:
    """A job for each fold, its prepared data below `folder`; the external cohort is in none.

    The folds are scikit-learn's plain ones over the rows in file order. Of the rows outside the
    fold, the case's own share validates: it stops, blends, recalibrates and sets the threshold.
    """
    prepared, params = job.paths.prepared(job.case), job.params.crossval
    meta = Meta.read(prepared)
    frame = pd.concat([pd.read_parquet(prepared / PREPARED_FILES[split]) for split in (TRAIN, VALIDATION, TEST)])
    rows = frame.sort_values(meta.data["key"], ignore_index=True) if meta.data["key"] == ["row"] else frame
    event = rows[EVENT].to_numpy()
    spec = CohortParams.model_validate(meta.data["spec"])
    share = spec.split.validation / (1 - spec.split.test)
    folds = KFold(params.folds, shuffle=True, random_state=params.seed)
    for number, (rest, test) in enumerate(folds.split(np.zeros(len(rows)))):
        train, validation = train_test_split(rest, test_size=share, stratify=event[rest], random_state=params.seed)
        parts = {TRAIN: np.sort(train), VALIDATION: np.sort(validation), TEST: test}
        paths = Paths(folder / f"fold-{number}")
        _write(paths.prepared(job.case), meta, spec, rows, parts)
        yield replace(job, paths=paths)


def _write(folder: Path, meta: Meta, spec: CohortParams, rows: pd.DataFrame, parts: dict[str, np.ndarray]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for split, index in parts.items():
        rows.iloc[index].to_parquet(folder / PREPARED_FILES[split], index=False)
    encoder = fit_encoder(rows.iloc[parts[TRAIN]], spec)
    counts = {split: len(index) for split, index in parts.items()}
    replace(meta, rows=counts, data={**meta.data, "encoder": encoder.to_json()}).write(folder)
