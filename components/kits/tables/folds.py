"""Cross-validation of a table: the prepared rows cut anew, and their encoders fitted on each training part alone."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import BaseCrossValidator, StratifiedGroupKFold, train_test_split

from components.core.job import PREPARED_FILES, TEST, TRAIN, VALIDATION, Job, Meta, Paths
from components.kits.tables.encoding.encode import fit_encoder
from components.kits.tables.encoding.spec import FeatureParams
from components.kits.tables.split import group_part
from components.kits.tables.told import GROUP, GROUPS, read_groups


def cut_anew(
    job: Job, folder: Path, cut: BaseCrossValidator, *, kind: type[FeatureParams], label: str
) -> Iterator[Job]:
    """A job for each fold of `cut` over the rows in file order, its prepared data below `folder`.

    Of the rows outside a fold, the case's own share validates, drawn from each class of the column `label`, by which
    `cut` may cut as well; `kind` is that of the table's spec. Where groups decide the case's split, folds and
    validations are of whole groups, with like shares of each class, whatever `cut` would do.
    """
    prepared, seed = job.paths.prepared(job.case), job.params.crossval.seed
    meta = Meta.read(prepared)
    frame = pd.concat([pd.read_parquet(prepared / PREPARED_FILES[name]) for name in (TRAIN, VALIDATION, TEST)])
    rows = frame.sort_values(meta.data["key"], ignore_index=True) if meta.data["key"] == ["row"] else frame
    spec, classes = kind.model_validate(meta.data["spec"]), rows[label].to_numpy()
    share = spec.split.validation / (1 - spec.split.test)
    groups = read_groups(prepared, rows, meta.data["key"])
    if groups is not None:
        cut = StratifiedGroupKFold(cut.get_n_splits(), shuffle=True, random_state=seed)
    for number, (rest, test) in enumerate(cut.split(np.zeros(len(rows)), classes, groups)):
        if groups is None:
            train, validation = train_test_split(rest, test_size=share, stratify=classes[rest], random_state=seed)
        else:
            held_out = group_part(groups[rest], classes[rest], share, seed)
            train, validation = rest[~held_out], rest[held_out]
        parts = {TRAIN: np.sort(train), VALIDATION: np.sort(validation), TEST: test}
        paths = Paths(folder / f"fold-{number}")
        _write(paths.prepared(job.case), meta, spec, rows, parts)
        if groups is not None:
            rows[meta.data["key"]].assign(**{GROUP: groups}).to_parquet(paths.prepared(job.case) / GROUPS, index=False)
        yield replace(job, paths=paths)


def _write(folder: Path, meta: Meta, spec: FeatureParams, rows: pd.DataFrame, parts: dict[str, np.ndarray]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for split, index in parts.items():
        rows.iloc[index].to_parquet(folder / PREPARED_FILES[split], index=False)
    encoder = fit_encoder(rows.iloc[parts[TRAIN]], spec)
    counts = {split: len(index) for split, index in parts.items()}
    replace(meta, rows=counts, data={**meta.data, "encoder": encoder.to_json()}).write(folder)
