"""Pinyin to characters: quality, speed and memory of each variant of the fitted model, beside published peers."""

import filecmp
import statistics
import tempfile
import time
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from benchmarks.results import Cell, Limit, Result
from components.compression.make import make_variants
from components.core.bundle import INDEX
from components.core.errors import CasebookError
from components.core.files import read_json
from components.core.job import TEST, Job, Paths
from components.core.params.load import load_params
from components.core.recipe import make_job, recipe_of
from components.recipes.conversion.serving.predictor import ConversionPredictor, open_predictor

CASE = "pinyin_hanzi"
PEERS = Path(__file__).with_name("peers.json")
LENGTH, CLAUSES, ALONE = 10, 1000, 400
REPEATS, WORKERS = 3, 2
SHOWN = {"char_accuracy": "characters", "exact": "exact", "bleu": "BLEU-4"}
MIB = 1 << 20


def measure(case: str, root: Path) -> Result:  # noqa: ARG001 - it is about one case
    job = make_job(CASE, load_params(root / "params.yaml").case(CASE), Paths(root))
    recipe, fitted, released = recipe_of(job), job.paths.fitted(CASE), job.paths.bundle(CASE)
    for made in (fitted, released):
        if not made.exists():
            raise CasebookError(f"{made}: not found; run `casebook run {CASE}` first")
    rows: list[list[Cell]] = []
    picked = None
    with tempfile.TemporaryDirectory() as folder:
        for name, bundle in make_variants(job, recipe, fitted, Path(folder)).items():
            found = recipe.serving.answers(job, bundle, TEST)
            metrics = recipe.serving.metrics(job, bundle)
            quality = [metrics[metric](found.target, found.score) for metric in SHOWN]
            size = sum(path.stat().st_size for path in bundle.iterdir()) / MIB
            if filecmp.cmp(bundle / INDEX, released / INDEX, shallow=False):
                picked = len(rows)
            mark = " (picked)" if picked == len(rows) else ""
            rows.append([name + mark, *quality, size, tables(open_predictor(bundle)), *speed(bundle, job)])
    if picked is None:
        raise CasebookError(f"{released}: none of the variants of {fitted}; run `casebook run {CASE}` first")
    served = {metric: float(value or 0) for metric, value in zip(SHOWN, rows[picked][1:4], strict=True)}
    peers = read_json(PEERS)[CASE]
    rows += [
        [name, *(values[metric] for metric in SHOWN), None, None, values["rate"], None, None, None]
        for name, values in peers["metrics"].items()
    ]
    return Result(
        name="conversion",
        title="Pinyin to characters, on the test",
        columns=[
            "variant or peer",
            *SHOWN.values(),
            "MiB on disk",
            "MiB of tables in memory",
            "clauses/s, one process",
            f"clauses/s, {WORKERS} processes",
            "median ms, one clause",
            "p99 ms, one clause",
        ],
        rows=rows,
        limits=[
            *(
                Limit(f"test {metric}", float(served[metric] or 0), **bound)
                for metric, bound in peers["wanted"].items()
            ),
            Limit(f"clauses/s of {WORKERS} processes", float(rows[picked][7] or 0), at_least=500),
            Limit("p99 of one clause, ms", float(rows[picked][9] or 0), at_most=15),
        ],
        notes=[
            "The limits are for the picked variant, which is served.",
            f"Clauses of {LENGTH} syllables for the speed; medians of {REPEATS} passes over {CLAUSES}, one thread a "
            f"process; p99 over {ALONE} clauses, one at a time, each the median of {REPEATS}.",
            f"Peers: {peers['source']}.",
        ],
    )


def tables(predictor: ConversionPredictor) -> float:
    models = predictor.models.models
    every = (models.words, models.characters, models.other_characters, models.associations, models.contexts)
    return sum(one.nbytes for one in every if one is not None) / MIB


def speed(bundle: Path, job: Job) -> list[Cell]:
    """Clauses a second of one process and of several, and median and p99 of one clause, in ms."""
    context = get_context("spawn")
    with context.Pool(1, initializer=_open, initargs=(bundle, job)) as pool:
        alone = pool.apply(_rate, (0,))
        each = pool.apply(_each)
    with context.Pool(WORKERS, initializer=_open, initargs=(bundle, job)) as pool:
        together = sum(pool.map(_rate, range(WORKERS), chunksize=1))
    return [alone, together, float(np.median(each)), float(np.quantile(each, 0.99))]


_opened: list[object] = []


def _open(bundle: Path, job: Job) -> None:
    answer = recipe_of(job).serving.answer_rows(job, bundle)
    answer(CLAUSES)  # what is read at the first call is not what is timed
    _opened[:] = [answer, open_predictor(bundle), job]


def _rate(_worker: int) -> float:
    answer = _opened[0]
    assert callable(answer)
    took = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        answer(CLAUSES)
        took.append(time.perf_counter() - started)
    return CLAUSES / statistics.median(took)


def _each() -> list[float]:
    from components.recipes.shared.serving import read_split

    _, predictor, job = _opened
    assert isinstance(predictor, ConversionPredictor)
    assert isinstance(job, Job)
    asked = [clause for clause in read_split(job, TEST)["syllables"].str.split().tolist() if len(clause) == LENGTH]
    found = []
    for clause in asked[:ALONE]:
        took = []
        for _ in range(REPEATS):
            started = time.perf_counter()
            predictor.convert_syllables([clause], 1)
            took.append(1000 * (time.perf_counter() - started))
        found.append(statistics.median(took))
    return found
