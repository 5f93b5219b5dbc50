"""What passes between stages: small frozen records."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, Self, TypeAlias, TypeVar, runtime_checkable

from components.core.blocks import Block, read_block
from components.core.bundle import Bundle, read_bundle
from components.core.errors import CasebookError, nearest
from components.core.files import read_json, write_json
from components.core.params.case import CaseParams, override

if TYPE_CHECKING:  # the data stages and the server must not pay for importing these
    import numpy as np
    import pandas as pd
    from lightning.pytorch import LightningDataModule, LightningModule
    from matplotlib.figure import Figure

TRAIN, VALIDATION, TEST, EXTERNAL = "train", "validation", "test", "external"
PREPARED_FILES = {TRAIN: "train.parquet", VALIDATION: "val.parquet", TEST: "test.parquet", EXTERNAL: "external.parquet"}
ORIGIN_FILE = "source.json"  # of a raw folder: what fetch says of it
BUNDLE, SELECTION = "bundle", "selection"  # of a fitted folder: what serves, and what has not seen the validation
WEIGHTS = "learner.pt"  # of a fitted folder: the learner after the first fit
MODEL, LEARNER = "model", "learner"  # who predicts: the blend that is served, the network alone
FP32 = "fp32"  # the variant that is not compressed


@dataclass(frozen=True)
class Paths:
    """Where each stage of a case reads and writes, below one root folder."""

    root: Path

    def raw(self, case: str) -> Path:
        return self.root / "data" / "raw" / case

    def prepared(self, case: str) -> Path:
        return self.root / "data" / "prepared" / case

    def best(self, case: str) -> Path:
        return self.root / "models" / case / "best.json"

    def fitted(self, case: str) -> Path:
        return self.root / "models" / case / "fitted"

    def bundle(self, case: str) -> Path:
        return self.root / "models" / case / BUNDLE

    def reports(self, case: str) -> Path:
        return self.root / "reports" / case

    def evaluation(self, case: str) -> Path:
        return self.reports(case) / "evaluation"

    def compression(self, case: str) -> Path:
        return self.reports(case) / "compression"

    def state(self, case: str) -> Path:
        return self.root / "state" / case


Prepare = TypeVar("Prepare", bound=Block)
Model = TypeVar("Model", bound=Block)
Evaluate = TypeVar("Evaluate", bound=Block)


@dataclass(frozen=True)
class Blocks(Generic[Prepare, Model, Evaluate]):
    """The types of the blocks that a recipe reads itself."""

    prepare: type[Prepare]
    model: type[Model]
    evaluate: type[Evaluate]


@dataclass(frozen=True)
class Job(Generic[Prepare, Model, Evaluate]):
    """One case with everything a stage of it is given.

    `params` may hold no more than the blocks that a stage reads. `blocks` are the types of those that the recipe
    reads itself: `prepare`, `model` and `evaluate`. `starts_from` is the bundle of the case that this one starts from,
    the same in every fold of it. `smoke` says that the numbers mean nothing: the same code on few rows, trials and
    epochs.
    """

    case: str
    params: CaseParams
    paths: Paths
    blocks: Blocks[Prepare, Model, Evaluate]
    smoke: bool = False
    starts_from: Path | None = None

    @property
    def start(self) -> Bundle | None:
        """The bundle of the case that this one starts from, checked; None where it starts from none.

        Raises:
            CasebookError: the folder is no whole bundle.
        """
        return None if self.starts_from is None else read_bundle(self.starts_from, threads=1)

    @cached_property
    def prepare(self) -> Prepare:
        return read_block(self.blocks.prepare, self.params.prepare, self._where("prepare"))

    @cached_property
    def model(self) -> Model:
        return read_block(self.blocks.model, self.params.model, self._where("model"))

    @cached_property
    def evaluate(self) -> Evaluate:
        return read_block(self.blocks.evaluate, self.params.evaluate, self._where("evaluate"))

    def check(self) -> None:
        """Read each block that is given.

        Raises:
            CasebookError: a key of one is unknown, missing or of the wrong type.
        """
        for name in ("prepare", "model", "evaluate"):
            if name in self.params.model_fields_set:
                getattr(self, name)

    def with_values(self, values: Mapping[str, Any]) -> Self:
        """The same job with dotted parameters such as `fit.lr` set.

        Raises:
            CasebookError: a path names no key, or a value does not fit its key.
        """
        job = replace(self, params=override(self.params, dict(values)))
        job.check()
        return job

    def _where(self, block: str) -> str:
        return f"params.cases.{self.case}.{block}"


AnyJob = Job[Any, Any, Any]


@dataclass(frozen=True)
class Meta:
    """What `prepare` leaves for its readers, as `meta.json`.

    `rows` counts the rows of each split and the rejected ones, `rejected` counts them by reason,
    `source` repeats `source.json`, and `data` is the case's own: columns, encoders, vocabularies.
    """

    case: str
    rows: dict[str, int]
    rejected: dict[str, int]
    source: dict[str, Any]
    data: dict[str, Any]

    def write(self, folder: Path) -> None:
        write_json(folder / "meta.json", asdict(self))

    @classmethod
    def read(cls, folder: Path) -> "Meta":
        return cls(**read_json(folder / "meta.json"))


def read_origin(raw: Path) -> dict[str, Any]:
    """What `fetch` says of a raw folder.

    Raises:
        CasebookError: it says nothing.
    """
    path = raw / ORIGIN_FILE
    if not path.is_file():
        raise CasebookError(f"{path}: not found, so {raw} is not what the fetch stage leaves; run fetch first")
    origin: dict[str, Any] = read_json(path)
    return origin


@dataclass(frozen=True)
class TrialRecord:
    """An ended trial of a search: `value` is what the search compares, `curve` the monitored metric by epoch or step.

    `state` is one of COMPLETE, PRUNED and FAIL.
    """

    number: int
    state: str
    params: Mapping[str, Any]
    value: float | None
    curve: Mapping[int, float]
    started: datetime
    ended: datetime


@dataclass(frozen=True)
class Interval:
    """A metric's value and the bounds of its bootstrap interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class FitResult:
    """What training one learner ended with: the best monitored value and where it was reached.

    `epochs` counts those that were begun, `steps` as `FitParams` has them.
    """

    monitor: str
    value: float
    best_epoch: int
    epochs: int
    steps: int
    stopped: Literal["epochs", "steps", "patience", "minutes"]


@dataclass(frozen=True)
class Scores:
    """Metrics of one split by the name of who made the predictions.

    `MODEL` is the blend that is served, `LEARNER` the network alone; the others are baselines.
    """

    split: str
    by_model: dict[str, dict[str, Interval]]


Cell: TypeAlias = str | int | float | Interval | None


@dataclass(frozen=True)
class Table:
    """Rows under a header; `note` says how to read them. Empty rows leave the table out."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    note: str = ""


@dataclass(frozen=True)
class Report:
    """What the judgement of a fit hands over; whoever asked for it writes it, or takes a figure from it.

    `predictions` are frames by split, and `analysis` is what is no metric, as JSON. The model card prints `tables`
    beside the metrics. `notes` are what figures mean nothing without, such as the protocol of their measurement: they
    go wherever the metrics go. `figures` and `pages` of HTML, by the names of their files, are made when they are
    called: cross-validation looks at none.
    """

    scores: Sequence[Scores]
    predictions: "Mapping[str, pd.DataFrame]"
    analysis: Mapping[str, Any] = field(default_factory=dict)
    tables: Sequence[Table] = ()
    notes: Mapping[str, Any] = field(default_factory=dict)
    figures: "Mapping[str, Callable[[], Figure]]" = field(default_factory=dict)
    pages: Mapping[str, Callable[[], str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Check:
    """One question the gate asked, its answer and the figures it rests on."""

    name: str
    passed: bool
    reason: str


@dataclass(frozen=True)
class Decision:
    """The gate's answer. `promoted` is true only if every check passed."""

    promoted: bool
    checks: tuple[Check, ...]

    @property
    def reasons(self) -> tuple[str, ...]:
        return tuple(check.reason for check in self.checks if not check.passed)


@dataclass(frozen=True)
class Answers:
    """What a bundle answered: a target and a score for each independent unit (row, user, image)."""

    target: "np.ndarray"
    score: "np.ndarray"


@dataclass(frozen=True)
class Observed:
    """What monitoring compares: the model's inputs and what it said.

    `features` and `scores` have a row for each unit (row, user, line, image) and a column, of numbers or of texts,
    for each thing that may drift; either may rest on other units than the other. `labelled` are targets and scores
    of the units whose outcome is known, or None.
    """

    features: "pd.DataFrame"
    scores: "pd.DataFrame"
    labelled: Answers | None


class Metric(Protocol):
    """Rows of targets and of scores (equal first length, one row per independent unit) to a float.

    NaN says that these rows do not define it, such as AUC where there is one class only.
    """

    def __call__(self, target: "np.ndarray", score: "np.ndarray", /) -> float: ...


@runtime_checkable
class CountedMetric(Metric, Protocol):
    """A metric that also answers for many resamples at once, without a row being repeated.

    `counts` (R, N) says how often each of the N rows was drawn in each of R resamples; the
    answer is (R,), NaN where a resample does not define the metric.
    """

    def over_counts(self, target: "np.ndarray", score: "np.ndarray", counts: "np.ndarray", /) -> "np.ndarray": ...


class Predictor(Protocol):
    """A bundle that answers. Never imports torch."""

    def predict(self, rows: "pd.DataFrame") -> "pd.DataFrame":
        """Raw rows, as the source has them, to the recipe's answer columns, in the same order."""


@dataclass(frozen=True)
class Training:
    """One fit: its data, its learner, what it watches. `dataclasses.replace` makes another fit of it.

    `learner` gets the data because sizes come from them.
    """

    data: "Callable[[AnyJob], LightningDataModule]"
    learner: "Callable[[AnyJob, Any], LightningModule]"
    monitor: str
    mode: Literal["min", "max"]


@dataclass(frozen=True)
class Watch:
    """How the rows of a case are looked at after its release. The job's prepared data are the champion's.

    `rows` reads what `predict_file` reads as frames of raw rows. `unit` names the column whose rows belong together,
    None where each is one; `key` the columns by which the columns of the `outcome`, when it is known, find their row.
    `observe` looks at raw rows through a bundle, which answers them; `reference` at no more than n units that it was
    trained on, and at its answers to units that it was not trained on.
    """

    rows: "Callable[[AnyJob, Path], Iterator[pd.DataFrame]]"
    outcome: Callable[[AnyJob], Sequence[str]]
    observe: "Callable[[AnyJob, Path, pd.DataFrame], Observed]"
    reference: Callable[[AnyJob, Path, int], Observed]
    unit: Callable[[AnyJob], str | None] = lambda _job: None
    key: Callable[[AnyJob], Sequence[str]] = lambda _job: ()


# Writes the bundle of one variant: from a job, the variant's block, the folder of the fit and the variant's own.
Maker = Callable[[AnyJob, Any, Path, Path], None]


def read_variants(job: Job, declared: Mapping[str, type[Block]]) -> dict[str, Block]:
    """The params of each variant that is asked for, in that order.

    Raises:
        CasebookError: a variant is not declared, or a key of its block is unknown, missing or of the wrong type.
    """
    where, asked = f"params.cases.{job.case}.compress.variants", job.params.compress.variants
    if unknown := [name for name in asked if name not in declared]:
        known = ", ".join(declared)
        raise CasebookError(
            f"{where}: {unknown[0]!r} is none of this case's; there are: {known}, and {FP32} without being named"
            f"{nearest(unknown[0], declared)}"
        )
    return {name: read_block(declared[name], block, f"{where}.{name}") for name, block in asked.items()}
