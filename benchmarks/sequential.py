"""Seconds an epoch and time to a given quality: the recommender's learner beside RecTools' and RecBole's SASRec."""

import json
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint

from benchmarks.results import Cell, Limit, Result
from benchmarks.throughput import prepared_job
from benchmarks.workspace import clean_environment, peers_python
from components.core.errors import CasebookError
from components.core.job import PREPARED_FILES, TRAIN, VALIDATION, Job, Meta, Paths
from components.core.params.overrides import override
from components.core.recipe import recipe_of
from components.training.fit import build, make_trainer

CASE = "recommender"
# The peers want a numpy that nothing else here does: they live in an environment of their own.
PINS = ("torch==2.13.0", "numpy==1.26.4", "rectools[torch]==0.18.0", "recbole==1.2.1")
WINDOW, SIZE, BLOCKS, HEADS = 100, 64, 2, 2
ROUNDS, EPOCHS = 3, 2
RECBOLE_BATCHES = 1  # of RecBole's epoch so many are timed: a whole one takes many minutes
BUDGET = 240.0  # seconds of training in which a peer reaches its best
LEAST = 3.0
# What all can have: feed-forward layers as wide as a token, and each event asking for the next item alone.
EQUAL = {
    "model.network.window": WINDOW,
    "model.network.size": SIZE,
    "model.network.blocks": BLOCKS,
    "model.network.heads": HEADS,
    "model.network.expansion": 1,
    "model.loss.next_items": 1,
    "fit.max_epochs": EPOCHS,
}
AGAINST = {"rectools 128": "casebook 128", "rectools 16": "casebook 16", "recbole 2048": "casebook 128"}
COLUMNS = [
    "learner",
    "batch",
    "parameters",
    "events an epoch",
    "CPU seconds an epoch (median)",
    "over casebook's (median)",
    "lowest",
    "highest",
    "best NDCG@10",
    "CPU seconds of training to it",
    "casebook's to the same",
]
Found = dict[str, Any]  # `parameters`, and `epochs` with the seconds, share, ndcg and hr of each


def measure(case: str, root: Path) -> Result:  # noqa: ARG001 - the recommender's own
    python = peers_python(root / "state" / "benchmarks" / "peers", PINS)
    with tempfile.TemporaryDirectory(prefix="casebook-bench-") as name:
        job = prepared_job(CASE, root, Path(name) / "whole")
        short = shortened(job, Path(name) / "short")
        # One after the other in each round, so that what else the machine does hits all alike.
        rounds = [_round(job, short, python) for _ in range(ROUNDS)]
        quality = {
            "casebook": ours(job, {}),
            "rectools": peer(python, "rectools", job, batch_size=16, epochs=10_000, budget=BUDGET),
            "recbole": peer(python, "recbole", job, batch_size=2048, epochs=10_000, budget=BUDGET, batches=4),
        }
        events = asked(short), asked(job)
    seconds = {who: [seconds_an_epoch(one[who]) for one in rounds] for who in rounds[0]}
    ratios = {
        against: [peer / own for peer, own in zip(seconds[against], seconds[base], strict=True)]
        for against, base in AGAINST.items()
    }
    rows = [_row(who, rounds[0][who], seconds[who], ratios.get(who), events["whole" in who]) for who in seconds]
    return Result(
        name="sequential",
        title="Sequence learners: seconds an epoch, and to a given quality",
        columns=COLUMNS,
        rows=rows + quality_rows(quality),
        limits=[
            Limit(f"seconds an epoch of {who} over casebook's", statistics.median(found), at_least=LEAST)
            for who, found in ratios.items()
        ],
        notes=_notes(),
        details={"rounds": rounds, "quality": quality},
    )


def _round(job: Job, short: Job, python: Path) -> dict[str, Found]:
    return {
        "casebook 128": ours(short, {**EQUAL, "fit.batch_size": 128}),
        "rectools 128": peer(python, "rectools", short, batch_size=128),
        "casebook 16": ours(short, {**EQUAL, "fit.batch_size": 16}),
        "rectools 16": peer(python, "rectools", short, batch_size=16),
        "recbole 2048": peer(python, "recbole", short, batch_size=2048, epochs=1, batches=RECBOLE_BATCHES),
        "casebook 16, whole histories": ours(job, {**EQUAL, "fit.batch_size": 16}),
    }


def ours(job: Job, values: Mapping[str, Any]) -> Found:
    """Trains the case with some parameters set, in a process of its own as the peers."""
    params = override(job.params, {"fit.accelerator": "cpu", "fit.threads": 1, **values})
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(_train, (replace(job, params=params),))


def _train(job: Job) -> Found:
    torch.set_num_threads(1)
    learner, data = build(job, recipe_of(job).training)
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = ModelCheckpoint(folder, save_top_k=0)  # without one Lightning adds its own
        make_trainer(job.params.fit, None, [clock, checkpoint]).fit(learner, datamodule=data)
    return {"parameters": sum(one.numel() for one in learner.parameters()), "epochs": clock.epochs}


class Clock(Callback):
    """Seconds of each epoch's training, without validation, and what validation found.

    The processor's own seconds, here as for the peers: with one thread they are what an idle machine takes.
    """

    def __init__(self) -> None:
        self.epochs: list[dict[str, float]] = []

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        self.started = time.process_time()

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        self.seconds = time.process_time() - self.started

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        found = trainer.callback_metrics
        quality = {name: float(found[f"val/{name}@10"]) for name in ("ndcg", "hr")}
        self.epochs.append({"seconds": self.seconds, "share": 1.0, **quality})


def peer(python: Path, library: str, job: Job, *, batch_size: int, **settings: Any) -> Found:
    """Trains a peer on the case's training events; with a `budget` it is scored after each epoch."""
    prepared = job.paths.prepared(CASE)
    with tempfile.TemporaryDirectory() as folder:
        files = {}
        for name, split in (("train", TRAIN), ("question", VALIDATION)):
            files[name] = str(Path(folder) / f"{name}.csv")
            pd.read_parquet(prepared / PREPARED_FILES[split])[["user", "item"]].to_csv(files[name], index=False)
        given = {"epochs": EPOCHS, "batches": None, "budget": 1e9, "scored": "budget" in settings, **settings}
        sizes = {"window": WINDOW, "size": SIZE, "blocks": BLOCKS, "heads": HEADS, "batch_size": batch_size}
        items = {"items": Meta.read(prepared).data["items"]}
        command = [python, Path(__file__).with_name("sequential_peers.py"), library]
        done = subprocess.run(
            [*map(str, command), json.dumps({**files, **items, **sizes, **given})],
            cwd=folder, env=clean_environment(), capture_output=True, text=True, check=False,
        )  # fmt: skip
    if done.returncode:
        raise CasebookError(f"{library} ended with {done.returncode}: {done.stderr[-2000:]}")
    found: Found = json.loads(done.stdout.splitlines()[-1])
    return found


def shortened(job: Job, folder: Path) -> Job:
    """The same with each user's last events only: those that RecTools makes one window of."""
    copy = replace(job, paths=Paths(folder))
    prepared = copy.paths.prepared(CASE)
    shutil.copytree(job.paths.prepared(CASE), prepared)
    train = pd.read_parquet(prepared / PREPARED_FILES[TRAIN])
    train.groupby("user").tail(WINDOW + 1).to_parquet(prepared / PREPARED_FILES[TRAIN], index=False)
    return copy


def asked(job: Job) -> int:
    """Training events that are targets: all but each user's first."""
    train = pd.read_parquet(job.paths.prepared(CASE) / PREPARED_FILES[TRAIN], columns=["user"])
    return len(train) - train["user"].nunique()


def quality_rows(quality: Mapping[str, Found]) -> list[list[Cell]]:
    """The best validation NDCG of each in its training, when it was reached, and when casebook passed it."""
    rows: list[list[Cell]] = []
    for who, found in quality.items():
        best = max(epoch["ndcg"] for epoch in found["epochs"])
        blank: list[Cell] = [None] * 6
        mine = None if who == "casebook" else seconds_to(best, quality["casebook"])
        rows.append([f"{who}, to its best", *blank, None, best, seconds_to(best, found), mine])
    return rows


def seconds_to(ndcg: float, found: Found) -> float | None:
    """Training seconds to the first epoch at least as good; None if there is none."""
    spent = 0.0
    for epoch in found["epochs"]:
        spent += epoch["seconds"]
        if epoch["ndcg"] >= ndcg:
            return spent
    return None


def seconds_an_epoch(found: Found) -> float:
    """The median; where a share of it was timed, the whole would take so much."""
    return statistics.median(epoch["seconds"] / epoch["share"] for epoch in found["epochs"])


def _row(who: str, found: Found, seconds: list[float], ratios: list[float] | None, events: int) -> list[Cell]:
    name, _, batch = who.partition(" ")
    size, _, which = batch.partition(", ")
    over: list[Cell] = [statistics.median(ratios), min(ratios), max(ratios)] if ratios else [None, None, None]
    label = f"{name}, {which}" if which else name
    return [label, int(size), found["parameters"], events, statistics.median(seconds), *over, None, None, None]


def _notes() -> list[str]:
    return [
        f"MovieLens-100K, {ROUNDS} rounds of all in turn, {EPOCHS} epochs each, training alone: no validation, no "
        "start. One CPU thread and its own seconds, which are those of an idle machine.",
        f"All: {SIZE} wide, {BLOCKS} blocks, {HEADS} heads, feed-forward {SIZE} wide, the last {WINDOW} of each user's "
        "training events, softmax over all items, float32. Whole histories: casebook's own epoch covers every event "
        "of long histories too.",
        "casebook keeps what the others have not: bias of attention by time, gaps, ratings, user and item features, "
        "softmax over unseen items only. It validates and may resume after every epoch.",
        "RecTools' SASRecModel and RecBole's SASRec with their own defaults beyond these sizes (dropout .2 and .5, "
        "Adam 1e-3). RecBole makes a sequence of every event and pads each to the full length: of its batches "
        f"{RECBOLE_BATCHES} a round is timed, and the epoch reckoned from it.",
        f"Ratios: {', '.join(f'{peer} over {own}' for peer, own in AGAINST.items())}.",
        f"To its best: on validation, all of MovieLens-100K, casebook as params.yaml has it; a peer in {BUDGET:.0f} "
        "seconds of training, RecTools in batches of 16, RecBole of 2048, scored after every epoch (RecBole: every "
        "4 batches).",
        f"The peers' environment: {', '.join(PINS)}.",
    ]
