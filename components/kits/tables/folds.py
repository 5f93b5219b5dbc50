"""Cross-validation of a table: the prepared rows cut anew, and their encoders fitted on each training part alone."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import BaseCrossValidator, StratifiedGroupKFold, train_test_split

from components.core.job import PREPARED_FILES, TEST, TRAIN, VALIDATION, Job, Meta, Paths
from components.kits.tables.encoding.encode import fit_encoder
from components.kits.tables.encoding.spec import FeatureParams
from components.kits.tables.split import ORDER, group_part
from components.kits.tables.write import GROUPS, write_groups


def cut_anew(
    job: Job,
    folder: Path,
    cut: BaseCrossValidator,
    *,
    kind: type[FeatureParams],
    label: str,
    strata: Callable[[np.ndarray], np.ndarray] = np.asarray,
) -> Iterator[Job]:
    """A job for each fold of `cut` over the rows in file order, its prepared data below `folder`.

    Of the rows outside a fold, the case's own share validates, drawn from each class that `strata` makes of the column
    `label`, by which `cut` may cut as well; `kind` is that of the table's spec. Where groups decide the case's split,
    folds and validations are of whole groups, with like shares of each class, whatever `cut` would do.
    """
    prepared, seed = job.paths.prepared(job.case), job.params.crossval.seed
    meta = Meta.read(prepared)
    frame = pd.concat([pd.read_parquet(prepared / PREPARED_FILES[name]) for name in ORDER], ignore_index=True)
    rows = frame.sort_values(meta.data["key"]) if meta.data["key"] == ["row"] else frame
    groups = _groups(prepared, rows.index)
    rows = rows.reset_index(drop=True)
    spec, classes = kind.model_validate(meta.data["spec"]), strata(rows[label].to_numpy())
    share = spec.split.validation / (1 - spec.split.test)
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
            write_groups(pd.Series(groups), parts, paths.prepared(job.case))
        yield replace(job, paths=paths)


def _groups(prepared: Path, rows: pd.Index) -> np.ndarray | None:
    """The number of each row's group (N,), None where none decide; `rows` (N,) are places in the splits in turn."""
    if not (prepared / GROUPS).is_file():
        return None
    groups = pd.read_parquet(prepared / GROUPS)
    in_turn = pd.concat([groups.loc[groups["split"] == name, "group"] for name in ORDER], ignore_index=True)
    return in_turn.loc[rows].to_numpy()


def _write(folder: Path, meta: Meta, spec: FeatureParams, rows: pd.DataFrame, parts: dict[str, np.ndarray]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for split, index in parts.items():
        rows.iloc[index].to_parquet(folder / PREPARED_FILES[split], index=False)
    encoder = fit_encoder(rows.iloc[parts[TRAIN]], spec)
    counts = {split: len(index) for split, index in parts.items()}
    replace(meta, rows=counts, data={**meta.data, "encoder": encoder.to_json()}).write(folder)
