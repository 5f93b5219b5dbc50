"""Seconds an epoch and time to a given quality: the recommender's learner beside RecTools' and RecBole's SASRec."""

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pandas as pd
from lightning.pytorch import Callback, LightningModule, Trainer

from benchmarks.results import Cell, Limit, Result
from benchmarks.throughput import prepared_job
from benchmarks.workspace import clean_environment
from components.contracts import PREPARED_FILES, TRAIN, VALIDATION, Job, Meta, Paths
from components.files import write_text
from components.params import override
from components.training.fit import build, make_trainer
from pipelines.cases import load_case

CASE = "recommender"
# The peers want a numpy that nothing else here does: they live in an environment of their own.
PINS = ("torch==2.13.0", "numpy==1.26.4", "rectools[torch]==0.18.0", "recbole==1.2.1")
SIZES = {"window": 100, "size": 64, "blocks": 2, "heads": 2}
ROUNDS, EPOCHS = 3, 2
RECBOLE_BATCHES = 2  # of RecBole's epoch so many are timed: all of them would take a quarter of an hour
BUDGET = 300.0  # training seconds that each peer has to reach its best
LEAST = 3.0


@dataclass(frozen=True)
class Contender:
    """Who trains, in batches of how many; the settings of ours are overrides of the case's."""

    who: str
    batch_size: int
    settings: Mapping[str, Any]


# The sizes that all can have: their feed-forward layers are as wide as a token, and each event asks for the next one.
EQUAL = {**{f"model.network.{name}": value for name, value in SIZES.items()}, "model.network.expansion": 1}
EQUAL |= {"model.loss.next_items": 1}
CONTENDERS = (
    Contender("casebook", 128, EQUAL),
    Contender("rectools", 128, {}),
    Contender("casebook", 16, EQUAL),
    Contender("rectools", 16, {}),
    Contender("recbole", 2048, {"batches": RECBOLE_BATCHES}),
)


def measure(case: str, root: Path) -> Result:  # noqa: ARG001 - the recommender's own
    python = peers_python(root)
    with tempfile.TemporaryDirectory(prefix="casebook-bench-") as name:
        job = prepared_job(CASE, root, Path(name) / "whole")
        short = shortened(job, Path(name) / "short")
        # One after the other in each round, so that what else the machine does hits all alike.
        rounds = [[run(one, short, python) for one in CONTENDERS] for _ in range(ROUNDS)]
        asked = _asked(short)
        whole = [run(CONTENDERS[2], job, python) for _ in range(ROUNDS)]
        quality = times_to_quality(job, python)
    rows, ratios = speed_table([list(found) for found in zip(*rounds, strict=True)], asked)
    medians = [_seconds(found) for found in whole]
    rows.append(["casebook", 16, whole[0]["parameters"], _asked_of(whole, job), statistics.median(medians), None, *_none()])
    return _result(rows, ratios, quality, {"rounds": rounds, "whole": whole})
