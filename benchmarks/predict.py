"""`casebook predict` on growing files: rows a second, and memory that must not grow with them."""

import resource
import subprocess
import sys
import tempfile
import time
from multiprocessing import get_context
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.results import Cell, Limit, Result
from components.core.job import Paths
from components.core.params.load import load_params

SIZES = (10_000, 50_000, 200_000)  # a million takes the same path for ten minutes
CHUNK = 50_000
MOST_GROWTH = 1.25  # of peak memory from the second size to the largest: from there on batches are full


def measure(case: str, root: Path) -> Result:
    rows: list[list[Cell]] = []
    with tempfile.TemporaryDirectory(prefix="casebook-bench-") as name:
        folder, context = Path(name), get_context("spawn")
        file = load_params(root / "params.yaml").case(case).prepare["file"]
        for size in SIZES:
            source = folder / "rows.parquet"
            repeat_rows(Paths(root).raw(case) / file, source, size)
            # A process of its own for each: the peak that the system keeps is that of all its children.
            with context.Pool(1) as pool:
                seconds, peak = pool.apply(_predict, (case, root, source, folder / "scores.parquet"))
            written = pq.read_metadata(folder / "scores.parquet").num_rows
            rows.append([size, written, size / seconds, seconds, peak])
    growth = float(rows[-1][4]) / float(rows[-2][4])  # type: ignore[arg-type]
    per_row = (float(rows[-1][3]) - float(rows[0][3])) / (SIZES[-1] - SIZES[0])  # type: ignore[arg-type]
    lost = max(abs(int(row[0]) - int(row[1])) for row in rows)  # type: ignore[arg-type]
    return Result(
        name="predict",
        title="Scoring files of any size",
        columns=["rows in", "rows out", "rows/s, start included", "seconds", "peak memory, MiB"],
        rows=rows,
        limits=[
            Limit(f"peak memory at {SIZES[-1]:,} rows over that at {SIZES[-2]:,}", growth, at_most=MOST_GROWTH),
            Limit("rows without an answer", float(lost), at_most=0),
        ],
        notes=[
            f"`casebook predict` with the champion, Parquet to Parquet, the raw rows repeated; "
            f"{1 / per_row:,.0f} rows/s once it runs, reasons for declined rows included."
        ],
        details={"rows_per_second_running": 1 / per_row},
    )


def repeat_rows(raw: Path, target: Path, count: int) -> None:
    """Write `count` rows, those of `raw` over and over, without holding them all."""
    frame = pd.read_parquet(raw)
    table = pa.Table.from_pandas(frame, preserve_index=False)
    whole = pa.concat_tables([table] * -(-min(count, CHUNK) // len(frame)))
    with pq.ParquetWriter(target, table.schema) as writer:
        while count > 0:
            part = whole.slice(0, min(count, CHUNK))
            writer.write_table(part)
            count -= len(part)


def _predict(case: str, root: Path, source: Path, target: Path) -> tuple[float, float]:
    """Seconds and peak MiB of the command."""
    command = [str(Path(sys.executable).with_name("casebook")), "predict", case, str(source), "--out", str(target)]
    started = time.perf_counter()
    subprocess.run(command, cwd=root, check=True, capture_output=True)
    seconds = time.perf_counter() - started
    return seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
