"""Rows of a table as monitoring sees them: the columns as the model takes them, and what it says of them."""

import logging
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import pandas as pd

from components.core.errors import StrangeError
from components.core.job import TEST, TRAIN, Job, Meta
from components.core.parts import Watch
from components.core.results import Answers, Observed
from components.kits.tables.encoding.convert import clean
from components.kits.tables.numbers.trained import Expected, look_through, rewritten
from components.kits.tables.read import read_batches
from components.monitoring.sample import some

log = logging.getLogger(__name__)

BATCH = 20_000  # rows read at a time
NUMBERS = ("numeric", "amount")


class TableScorer(Protocol):
    """`data` is `Meta.data` of the table; `score` takes typed rows (N) to scores (N,) or (N, K)."""

    @property
    def data(self) -> Mapping[str, Any]: ...

    def score(self, typed: pd.DataFrame) -> np.ndarray: ...


AnyScorer = TypeVar("AnyScorer", bound=TableScorer)


def watch_table(
    *,
    open_predictor: Callable[[Path], AnyScorer],
    read_split: Callable[[Job, str], pd.DataFrame],
    said: Callable[[AnyScorer, np.ndarray], pd.DataFrame],
    labelled: Callable[[pd.DataFrame, np.ndarray, Any], Answers | None],
) -> Watch:
    """How a table is watched whose every row is a unit.

    Of the scores of N rows, `said` makes a frame (N) of what is compared; `labelled` picks, of raw rows and
    their scores, those whose outcome is known.
    """

    def observe(job: Job, bundle: Path, rows: pd.DataFrame) -> Observed:
        """Raw rows as the model takes them, and what it says of them."""
        predictor = open_predictor(bundle)
        typed = clean(rows, predictor.data)
        score = predictor.score(typed)
        columns = feature_columns(typed, predictor.data)
        return Observed(columns, said(predictor, score), labelled(rows, score, job.prepare))

    def scores(job: Job, bundle: Path, rows: pd.DataFrame) -> pd.DataFrame:  # noqa: ARG001 - as every recipe's
        """What is said of raw rows that were answered, or refused, just now: their strange cells have been told."""
        predictor = open_predictor(bundle)
        return said(predictor, predictor.score(clean(rows, predictor.data, warn=False)))

    def reference(job: Job, bundle: Path, rows: int) -> Observed:
        """Training rows, and scores of test rows: those of rows it was trained on are surer than any of new ones."""
        predictor = open_predictor(bundle)
        held_out = predictor.score(some(read_split(job, TEST), rows))
        columns = feature_columns(some(read_split(job, TRAIN), rows), predictor.data)
        return Observed(columns, said(predictor, held_out), None)

    return Watch(
        rows=rows_as_trained,
        unit=lambda job: None,  # noqa: ARG005 - each row is one
        key=lambda job: job.prepare.key,
        outcome=lambda job: job.prepare.outcome,
        observe=observe,
        reference=reference,
        said=scores,
    )


def table_rows(job: Job, source: Path) -> Iterator[pd.DataFrame]:  # noqa: ARG001 - the file says it all
    """Raw rows of a file, in frames."""
    return read_batches(source, BATCH)


def rows_as_trained(job: Job, source: Path) -> Iterator[pd.DataFrame]:
    """Raw rows of a file, in frames, read as the case's own file is, with numbers as that one writes them.

    Those of a file that `predict` refuses, since its numbers can be read in several ways, are looked at as they stand:
    they are what the champion is asked.
    """
    prepared, reading = job.paths.prepared(job.case), job.prepare.read
    there = (prepared / "meta.json").is_file()
    expected = Expected.of_data(Meta.read(prepared).data) if there else Expected.of_block(job.prepare)
    try:
        plan = look_through(source, read_batches(source, BATCH, reading), expected, reading)
    except StrangeError as error:
        log.info("%s; its rows are looked at as they stand", error)
        plan = {}
    for frame in read_batches(source, BATCH, reading):
        yield rewritten(frame, plan)


def feature_columns(typed: pd.DataFrame, data: Mapping[str, Any]) -> pd.DataFrame:
    """Typed rows (N) to a frame (N): numbers as float64, classes and truths as texts, of free text its length.

    `data` is `Meta.data` of the table. Dates are left out: those of new rows are later, always.
    """
    kinds = {name: column["kind"] for name, column in data["spec"]["columns"].items()}
    found: dict[str, pd.Series] = {}
    for name, kind in kinds.items():
        if kind in NUMBERS:
            found[name] = typed[name].astype(np.float64)
        elif kind == "text":
            found[f"length of {name}"] = typed[name].str.len().astype(np.float64)
        elif kind != "date":
            found[name] = typed[name].astype("str")
    return pd.DataFrame(found).reset_index(drop=True)
