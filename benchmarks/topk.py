"""The ten best of a large catalogue for one query: exact in blocks beside the index; time, recall, memory."""

import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import psutil

from benchmarks.results import Cell, Limit, Result
from components.recipes.next_item.serving.index import IndexSettings, ItemIndex
from components.recipes.next_item.serving.topk import top_k, user_blocks

SIZES = (100_000, 1_000_000)
DIMENSIONS, QUERIES, TOP, GROUPS = 64, 500, 10, 300
SETTINGS = IndexSettings(threshold=1, cells=1024, probes=32, candidates=200, sample=4096, seed=0)
LEAST_RECALL = 0.95
MIB = 1 << 20


def measure(case: str, root: Path) -> Result:  # noqa: ARG001 - a catalogue of its own
    rows: list[list[Cell]] = []
    recalls = []
    with get_context("spawn").Pool(1, maxtasksperchild=1) as pool:  # a process each: memory is what one size takes
        for grouped in (True, False):
            for items in SIZES:
                found = pool.apply(_compare, (items, grouped))
                recalls.append(float(found[-1][-2]))
                rows += found
    return Result(
        name="topk",
        title="The ten best of a large catalogue",
        columns=[
            "items",
            "vectors",
            "way",
            "ms a query, alone",
            "ms a query, 500 at once",
            "seconds to build",
            "recall@10",
            "memory beside the vectors, MiB",
        ],
        rows=rows,
        limits=[Limit("least recall@10 of the index", min(recalls), at_least=LEAST_RECALL)],
        notes=[
            f"{DIMENSIONS} numbers an item and a bias that falls with its rank in popularity; a query is near the mean "
            "of three items. Grouped: items lie around 300 centres, as those of one kind do; alike: they do not, "
            "which is the hardest case for an index. One thread.",
            f"Index: {SETTINGS.cells} cells, {SETTINGS.probes} looked through, {SETTINGS.candidates} candidates.",
        ],
    )


def _compare(items: int, grouped: bool) -> list[list[Cell]]:
    vectors, bias, queries = make_catalogue(items, grouped=grouped)

    def exact(query: np.ndarray) -> np.ndarray:
        parts = [top_k(query[part] @ vectors.T + bias, TOP)[0] for part in user_blocks(len(query), items)]
        return np.concatenate(parts)

    truth, peak = _peak(lambda: exact(queries))
    kind = "grouped" if grouped else "alike"
    first: list[Cell] = [items, kind, "exact, in blocks", *_speeds(exact, queries), None, 1.0, peak]
    before, started = psutil.Process().memory_info().rss, time.perf_counter()
    index = ItemIndex(vectors, bias, SETTINGS, threads=1)
    built, taken = time.perf_counter() - started, (psutil.Process().memory_info().rss - before) / MIB

    def indexed(query: np.ndarray) -> np.ndarray:
        candidates = index.search(query, SETTINGS.candidates)
        scores = np.einsum("nd,ncd->nc", query, vectors[candidates]) + bias[candidates]
        scores[candidates < 0] = -np.inf
        return np.take_along_axis(candidates, top_k(scores, TOP)[0], axis=1)

    recall = recall_at(truth, indexed(queries))
    return [first, [items, kind, "index", *_speeds(indexed, queries), built, recall, taken]]


def make_catalogue(items: int, *, grouped: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vectors `(M, 64)`, bias `(M,)` and queries `(500, 64)`, float32; the same every time."""
    random = np.random.default_rng(7)
    vectors = random.normal(size=(items, DIMENSIONS)).astype(np.float32)
    if grouped:
        centres = random.normal(size=(GROUPS, DIMENSIONS)).astype(np.float32)
        vectors = np.float32(0.7) * (vectors + centres[random.integers(0, GROUPS, items)])
    vectors *= np.float32(0.3)
    bias = -0.8 * np.log(1 + random.permutation(items))
    near = vectors[random.integers(0, items, (QUERIES, 3))].mean(axis=1)
    queries = 3 * (near + random.normal(scale=0.1, size=(QUERIES, DIMENSIONS)))
    return vectors, (bias - bias.mean()).astype(np.float32), queries.astype(np.float32)


def recall_at(truth: np.ndarray, found: np.ndarray) -> float:
    """The share of the true best `(N, k)` that is among those found `(N, k)`."""
    return float((truth[:, :, None] == found[:, None, :]).any(axis=2).mean())


def _speeds(answer: Callable[[np.ndarray], np.ndarray], queries: np.ndarray) -> tuple[float, float]:
    """Milliseconds a query, the median one by one and the mean in one call."""
    alone = []
    for place in range(50):
        started = time.perf_counter()
        answer(queries[place : place + 1])
        alone.append(time.perf_counter() - started)
    started = time.perf_counter()
    answer(queries)
    return float(np.median(alone)) * 1000, (time.perf_counter() - started) / len(queries) * 1000


def _peak(work: Callable[[], np.ndarray]) -> tuple[np.ndarray, float]:
    """What `work` gives, and by how many MiB the most memory held during it is above that before."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak starts again from here
    before = psutil.Process().memory_info().rss
    answer = work()
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (peak,) = [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")]
    return answer, (peak * 1024 - before) / MIB
