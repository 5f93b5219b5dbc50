"""Raw rows to prepared splits; a row with a cell that is no number is set aside."""

import numpy as np

from components.core.files import whole_folder
from components.core.job import PREPARED_FILES, TEST, TRAIN, VALIDATION, Meta, read_origin
from components.kits.tables.read import read_table
from components.recipes.shared.rows import ROW, TARGET, numbers_of
from components.recipes.shared.template.params import NumberJob


def prepare(job: NumberJob) -> Meta:
    raw, params = job.paths.raw(job.case), job.prepare
    file, columns = raw / params.file, [*params.columns, params.target]
    rows = numbers_of(read_table(file), columns, file).rename(columns={params.target: TARGET})
    rows.insert(0, ROW, np.arange(1, len(rows) + 1))
    good = rows.loc[np.isfinite(rows.to_numpy()).all(axis=1)]
    order = np.random.default_rng(params.seed).permutation(len(good))
    cuts = (np.cumsum([params.validation, params.test]) * len(good)).astype(int)
    parts = dict(zip((VALIDATION, TEST, TRAIN), np.split(order, cuts), strict=True))
    counts = {split: len(part) for split, part in parts.items()} | {"rejected": len(rows) - len(good)}
    data = {"key": [ROW], "columns": list(params.columns)}
    meta = Meta(job.case, counts, {"no number": counts["rejected"]}, read_origin(raw), data)
    with whole_folder(job.paths.prepared(job.case)) as folder:
        for split, part in parts.items():
            good.iloc[np.sort(part)].to_parquet(folder / PREPARED_FILES[split], index=False)
        meta.write(folder)
    return meta
