"""Cross-validation: the prepared rows cut anew, everything fitted on each training part alone."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold, train_test_split

from components.cases.finance_risk.params import BinaryJob
from components.contracts import PREPARED_FILES, TEST, TRAIN, VALIDATION, Meta, Paths
from components.datamodules.table import TARGET
from components.preparation.table.encoding.encode import fit_encoder
from components.preparation.table.encoding.spec import TableParams


def write_folds(job: BinaryJob, folder: Path) -> Iterator[BinaryJob]:
    """A job for each fold, its prepared data below `folder`.

    The folds are scikit-learn's stratified ones over the rows in file order. Of the rows outside
    the fold, the case's own share validates: it stops, blends, calibrates and sets thresholds.
    """
    prepared, params = job.paths.prepared(job.case), job.params.crossval
    meta = Meta.read(prepared)
    frame = pd.concat([pd.read_parquet(prepared / PREPARED_FILES[split]) for split in (TRAIN, VALIDATION, TEST)])
    rows = frame.sort_values(meta.data["key"], ignore_index=True) if meta.data["key"] == ["row"] else frame
    target = rows[TARGET].to_numpy()
    split = TableParams.model_validate(meta.data["spec"]).split
    share = split.validation / (1 - split.test)
    folds = StratifiedKFold(params.folds, shuffle=True, random_state=params.seed)
    for number, (rest, test) in enumerate(folds.split(np.zeros(len(rows)), target)):
        train, validation = train_test_split(rest, test_size=share, stratify=target[rest], random_state=params.seed)
        parts = {TRAIN: np.sort(train), VALIDATION: np.sort(validation), TEST: test}
        paths = Paths(folder / f"fold-{number}")
        _write(paths.prepared(job.case), meta, rows, parts)
        yield replace(job, paths=paths)


def _write(folder: Path, meta: Meta, rows: pd.DataFrame, parts: dict[str, np.ndarray]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for split, index in parts.items():
        rows.iloc[index].to_parquet(folder / PREPARED_FILES[split], index=False)
    encoder = fit_encoder(rows.iloc[parts[TRAIN]], TableParams.model_validate(meta.data["spec"]))
    counts = {split: len(index) for split, index in parts.items()}
    replace(meta, rows=counts, data={**meta.data, "encoder": encoder.to_json()}).write(folder)
