"""A look at growing numbers of rows: rows a second, and memory that must not grow with them."""

import os
import resource
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from benchmarks.predict import repeat_rows
from benchmarks.results import Cell, Limit, Result
from components.core.job import Paths
from components.core.params.load import load_params
from components.core.params.monitor import FileRows, SqlRows
from components.core.params.operate import load_operate
from components.core.recipe import make_job, recipe_of
from components.monitoring.findings import examine
from components.monitoring.quality import judge
from components.monitoring.report import write_report
from components.monitoring.rows import newest_rows
from components.monitoring.sample import draw

SIZES = (100_000, 1_000_000)
CHUNK = 50_000
MOST_GROWTH = 1.25  # of peak memory from the first size to the second
KINDS = ("parquet", "csv", "sqlite")


def measure(case: str, root: Path) -> Result:
    rows: list[list[Cell]] = []
    with tempfile.TemporaryDirectory(prefix="casebook-bench-") as name:
        folder, context = Path(name), get_context("spawn")
        file = load_params(root / "params.yaml").case(case).prepare["file"]
        for kind in KINDS:
            for size in SIZES:
                repeat_rows(Paths(root).raw(case) / file, folder / "rows.parquet", size)
                write_as(kind, folder / "rows.parquet", folder)
                # A process of its own for each: peaks are those of a process.
                with context.Pool(1) as pool:
                    found = pool.apply(look, (case, root, kind, folder))
                total = found["read"] + found["compared"] + found["report"]
                rows.append(
                    [kind, size, size / total, found["read"], found["compared"], found["report"], found["peak"]]
                )
    growth = max(float(rows[place + 1][6]) / float(rows[place][6]) for place in (0, 2, 4))  # type: ignore[arg-type]
    return Result(
        name="monitoring",
        title="Monitoring of many rows",
        columns=["from", "rows", "rows/s", "reading, s", "comparing, s", "report, s", "peak memory, MiB"],
        rows=rows,
        limits=[Limit(f"peak memory at {SIZES[1]:,} rows over that at {SIZES[0]:,}", growth, at_most=MOST_GROWTH)],
        notes=[
            "The bundle on disk, the raw rows repeated, params as shipped: all rows are read, the sample is scored and "
            "compared with as many training rows, intervals of the quality included. CPU seconds, without imports."
        ],
    )


def write_as(kind: str, source: Path, folder: Path) -> None:
    """The Parquet file as `rows.KIND`, never held whole."""
    if kind == "parquet":
        return
    target = folder / f"rows.{kind}"
    target.unlink(missing_ok=True)
    for number, frame in enumerate(_frames(source)):
        if kind == "csv":
            frame.to_csv(target, mode="a", header=number == 0, index=False)
            continue
        with closing(sqlite3.connect(target)) as connection:
            frame.to_sql("rows", connection, index=False, if_exists="append")


def _frames(source: Path) -> Iterator[pd.DataFrame]:
    with pq.ParquetFile(source) as file:
        for batch in file.iter_batches(CHUNK):
            yield batch.to_pandas()


def look(name: str, root: Path, kind: str, folder: Path) -> dict[str, float]:
    """CPU seconds of each part, and the peak in MiB."""
    os.environ["BENCH_ROWS"] = f"sqlite:///{folder / 'rows.sqlite'}"
    source: FileRows | SqlRows = FileRows(kind="file", path=str(folder / f"rows.{kind}"))
    if kind == "sqlite":
        source = SqlRows(kind="sql", variable="BENCH_ROWS", query="select * from rows")
    job = make_job(name, load_params(root / "params.yaml").case(name), Paths(root))
    recipe, params = recipe_of(job), load_operate(root / "params.yaml").of(name).monitor
    bundle, watch = job.paths.bundle(name), recipe.watch
    watch.observe(job, bundle, next(watch.rows(job, folder / "rows.parquet"))[:10])  # what is imported when first used
    marks = [time.process_time()]
    sample = draw(newest_rows(job, watch, source), params.sample, seed=params.seed, unit=watch.unit(job))
    marks.append(time.process_time())
    recent, reference = watch.observe(job, bundle, sample.rows), watch.reference(job, bundle, params.sample)
    metric = recipe.serving.metrics(job, bundle)[recipe.primary]
    quality = judge(
        recipe.primary, metric, recent.labelled, None, params.quality, lower_is_better=False, seed=params.seed
    )
    found = examine(recent, reference, quality, params, seen=sample.seen, notes=[])
    marks.append(time.process_time())
    write_report(folder / "report", name, [], found, params)
    marks.append(time.process_time())
    assert sample.seen >= SIZES[0]
    parts = [after - before for before, after in pairwise(marks)]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"read": parts[0], "compared": parts[1], "report": parts[2], "peak": peak}
