"""Preparing interactions of any number: rows a second and peak memory, beside the same steps in pandas."""

import resource
import tempfile
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.results import Cell, Limit, Result
from components.core.files import write_json
from components.core.job import PREPARED_FILES, TEST, TRAIN, VALIDATION, Paths
from components.core.params.case import CaseParams
from components.core.recipe import make_job

CASE = "benchmark"
SIZES = (1_000_000, 10_000_000, 30_000_000)
USER_EVENTS, ITEMS = 100, 50_000  # events of a user on average; items that may occur
CHUNK = 1_000_000
MEMORY_LIMIT, THREADS = "1GB", 2
PANDAS_BYTES = 250  # a row in pandas, at its peak
MOST_MEMORY = 2048.0  # MiB: DuckDB's limit, and as much for Python, Arrow and what the limit does not count
K_CORE = 5
PREPARE = {
    "file": "events.parquet",
    "missing": [],
    "columns": {"user": "user", "item": "item", "time": "time", "rating": "rating"},
    "time_unit": "seconds",
    "rating_bands": 10,
    "users": None,
    "items": None,
    "duplicates": "drop",
    "repeats": "exclude",
    "k_core": {"user": K_CORE, "item": K_CORE},
    "split": {"by": "leave_one_out"},
    "max_rejected": 0.01,
    "memory_limit": MEMORY_LIMIT,
    "threads": THREADS,
}


def measure(_case: str, _root: Path, sizes: tuple[int, ...] = SIZES) -> Result:
    rows: list[list[Cell]] = []
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="casebook-bench-") as name:
            folder = Path(name)
            _apart(write_events, raw_of(folder), size)
            ours, seconds, peak = _apart(with_casebook, folder)
            rows.append([size, "casebook", size / seconds, seconds, peak])
            if psutil.virtual_memory().available < size * PANDAS_BYTES:
                rows.append([size, "pandas: does not fit", None, None, None])
                continue
            theirs, seconds, peak = _apart(with_pandas, folder)
            if ours != theirs:
                raise AssertionError(f"{size:,} rows: casebook leaves {ours} events, pandas {theirs}")
            rows.append([size, "pandas", size / seconds, seconds, peak])
    largest = next(row for row in reversed(rows) if row[1] == "casebook")
    return Result(
        name="interactions",
        title="Preparing interactions",
        columns=["events", "with", "events/s", "seconds", "peak memory, MiB"],
        rows=rows,
        limits=[Limit(f"peak MiB at {largest[0]:,} events", float(largest[4]), at_most=MOST_MEMORY)],  # type: ignore[arg-type]
        notes=[
            f"Made-up events, items and users by power laws, {USER_EVENTS} events a user, up to {ITEMS:,} items, in "
            f"Parquet. Repeats dropped, {K_CORE}-core, numbered, sorted, split by leave-one-out, written; DuckDB with "
            f"{THREADS} threads and {MEMORY_LIMIT}; each run in a process of its own, and both leave the same events."
        ],
    )


def _apart(
    work: Callable[..., dict[str, int] | None], *arguments: object
) -> tuple[dict[str, int] | None, float, float]:
    """What `work` answers in a new process, its seconds and that process's peak MiB."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(_timed, (work, arguments))


def _timed(
    work: Callable[..., dict[str, int] | None], arguments: tuple[object, ...]
) -> tuple[dict[str, int] | None, float, float]:
    started = time.perf_counter()
    answer = work(*arguments)
    return answer, time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def write_events(folder: Path, count: int, seed: int = 3) -> None:
    """A log in the order of time: a few users and items have most of the events."""
    folder.mkdir(parents=True)
    write_json(folder / "source.json", {"kind": "made up"})
    random = np.random.default_rng(seed)
    users = count // USER_EVENTS
    schema = pa.schema({"user": pa.int64(), "item": pa.int64(), "time": pa.int64(), "rating": pa.float32()})
    with pq.ParquetWriter(folder / "events.parquet", schema) as writer:
        for start in range(0, count, CHUNK):
            rows = min(CHUNK, count - start)
            frame = {
                "user": (users * random.random(rows) ** 1.5).astype(np.int64) + 1,
                "item": (ITEMS ** random.random(rows)).astype(np.int64),
                "time": 1_600_000_000 + (start + np.arange(rows)) // 4,
                "rating": random.integers(1, 6, rows).astype(np.float32),
            }
            writer.write_table(pa.table(frame, schema=schema))


def raw_of(folder: Path) -> Path:
    return Paths(folder).raw(CASE)


def with_casebook(folder: Path) -> dict[str, int]:
    from components.recipes.next_item.preparation.preparation import prepare

    params = CaseParams.model_construct(recipe="next_item", prepare=PREPARE)
    meta = prepare(make_job(CASE, params, Paths(folder)))
    return {name: meta.rows[name] for name in (TRAIN, VALIDATION, TEST)}


def with_pandas(folder: Path) -> dict[str, int]:
    """The same steps, held in memory, as one would write them in a notebook."""
    frame = pd.read_parquet(raw_of(folder) / "events.parquet")
    frame["event"] = np.arange(1, len(frame) + 1)
    frame = frame.dropna(subset=["user", "item", "time"]).drop_duplicates(["user", "item", "time"])
    while True:
        enough = (frame.groupby("user")["event"].transform("size") >= K_CORE) & (
            frame.groupby("item")["event"].transform("size") >= K_CORE
        )
        if enough.all():
            break
        frame = frame[enough]
    for name in ("user", "item"):
        frame[name] = pd.factorize(frame[name], sort=True)[0].astype(np.int32)
    frame = frame.sort_values(["user", "time"], kind="stable")
    left = frame.groupby("user").cumcount(ascending=False).to_numpy()
    parts = {TRAIN: frame[left > 1], VALIDATION: frame[left == 1], TEST: frame[left == 0]}
    out = folder / "pandas"
    out.mkdir()
    for name, part in parts.items():
        part.to_parquet(out / PREPARED_FILES[name], index=False, compression="zstd")
    return {name: len(part) for name, part in parts.items()}
