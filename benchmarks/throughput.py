"""A fit as the stage runs it (checkpoints, early stopping, metrics) beside a raw torch loop of the same steps."""

import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from benchmarks import raw_loop
from benchmarks.results import Limit, Result
from benchmarks.workspace import copy_archives
from components.core.job import Job, Meta, Paths
from components.core.params.load import load_params
from components.core.params.overrides import override
from components.core.parts import Training
from components.core.recipe import make_job, recipe_of
from components.training.fit import fit
from pipelines.steps import fetch, prepare

ROUNDS = 7
LEAST = 0.9


class Clock(Callback):
    """Seconds from before the first epoch to after the last, with all that Lightning does between."""

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        self.started = time.perf_counter()

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        self.seconds = time.perf_counter() - self.started


def measure(case_name: str, root: Path) -> Result:
    with tempfile.TemporaryDirectory(prefix="casebook-bench-") as folder:
        job = prepared_job(case_name, root, Path(folder))
        training, rows = recipe_of(job).training, Meta.read(job.paths.prepared(case_name)).rows["train"]
        torch.set_num_threads(job.params.fit.threads)
        raw_loop.train(job, training)  # the first of each pays for what torch sets up once
        _fit_seconds(job, training)
        pairs = [(raw_loop.train(job, training), _fit_seconds(job, training)) for _ in range(ROUNDS)]
    seen = rows * job.params.fit.max_epochs
    ratios = [raw / ours for raw, ours in pairs]
    raw_speed, our_speed = (statistics.median(seen / pair[side] for pair in pairs) for side in (0, 1))
    return Result(
        name="throughput",
        title="Training throughput",
        columns=["loop", "rows/s (median)", "of the raw loop (median)", "lowest", "highest"],
        rows=[
            ["raw torch loop", raw_speed, 1.0, None, None],
            ["casebook fit (Lightning)", our_speed, statistics.median(ratios), min(ratios), max(ratios)],
        ],
        limits=[Limit("casebook fit over raw loop", statistics.median(ratios), at_least=LEAST)],
        notes=[
            f"{ROUNDS} rounds of both in turn, {job.params.fit.max_epochs} epochs of {rows:,} rows in batches of "
            f"{job.params.fit.batch_size}, one CPU thread; same network, optimizer, schedule, clipping, validation "
            "with AUC once an epoch. The fit also writes its checkpoints."
        ],
        details={"raw_seconds": [raw for raw, _ in pairs], "fit_seconds": [ours for _, ours in pairs]},
    )


def prepared_job(case_name: str, root: Path, folder: Path) -> Job:
    """The case on the CPU, its data fetched and prepared below `folder`; early stopping never stops it."""
    params = load_params(root / "params.yaml").case(case_name)
    params = override(params, {"fit.accelerator": "cpu", "fit.patience": params.fit.max_epochs})
    job = make_job(case_name, params, Paths(folder))
    copy_archives(root, folder)
    fetch.run(replace(job, paths=Paths(folder)))
    prepare.run(job)
    return job


def _fit_seconds(job: Job, training: Training) -> float:
    clock = Clock()
    with tempfile.TemporaryDirectory(dir=job.paths.root) as state:
        fit(job, training, state=Path(state) / "fit", callbacks=[clock])
    return clock.seconds
