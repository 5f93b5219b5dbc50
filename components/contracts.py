"""What passes between stages: small frozen records, and the contract that every case fulfils."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, runtime_checkable

from components.blocks import Block
from components.errors import CasebookError
from components.files import read_json, write_json
from components.params import CaseParams

if TYPE_CHECKING:  # the data stages and the server must not pay for importing these
    import numpy as np
    import pandas as pd
    from lightning.pytorch import LightningDataModule, LightningModule
    from matplotlib.figure import Figure

TRAIN, VALIDATION, TEST, EXTERNAL = "train", "validation", "test", "external"
PREPARED_FILES = {TRAIN: "train.parquet", VALIDATION: "val.parquet", TEST: "test.parquet", EXTERNAL: "external.parquet"}
ORIGIN_FILE = "source.json"  # of a raw folder: what fetch says of it
MODEL, LEARNER = "model", "learner"  # in `Scores`: what is served, and the network alone


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
        return self.root / "models" / case / "bundle"

    def reports(self, case: str) -> Path:
        return self.root / "reports" / case

    def evaluation(self, case: str) -> Path:
        return self.reports(case) / "evaluation"

    def compression(self, case: str) -> Path:
        return self.reports(case) / "compression"

    def state(self, case: str) -> Path:
        return self.root / "state" / case


@dataclass(frozen=True)
class Job:
    """One case with everything a stage of it is given.

    `smoke` says that the numbers mean nothing: the same code on few rows, trials and epochs.
    """

    case: str
    params: CaseParams
    paths: Paths
    smoke: bool = False


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
class Interval:
    """A metric's value and the bounds of its bootstrap interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class FitResult:
    """What training one learner ended with: the best monitored value and where it was reached."""

    monitor: str
    value: float
    best_epoch: int
    epochs: int
    stopped: Literal["epochs", "patience", "minutes", "pruned"]


@dataclass(frozen=True)
class Scores:
    """Metrics of one split by the name of who made the predictions.

    `model` is the blend that is served, `learner` the network alone; the others are baselines.
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
    analysis: Mapping[str, Any]
    tables: Sequence[Table]
    notes: Mapping[str, Any]
    figures: "Mapping[str, Callable[[], Figure]]"
    pages: Mapping[str, Callable[[], str]]


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
        """Raw rows, as the source has them, to the case's answer columns, in the same order."""


@dataclass(frozen=True)
class Watch:
    """How the rows of a case are looked at after its release. The job's prepared data are the champion's.

    `rows` reads what `predict_file` reads as frames of raw rows. `unit` names the column whose rows belong together,
    None where each is one; `key` the columns by which the columns of the `outcome`, when it is known, find their row.
    `observe` looks at raw rows through a bundle, which answers them; `reference` at no more than n units that it was
    trained on, and at its answers to units that it was not trained on.
    """

    rows: "Callable[[Job, Path], Iterator[pd.DataFrame]]"
    unit: Callable[[Job], str | None]
    key: Callable[[Job], Sequence[str]]
    outcome: Callable[[Job], Sequence[str]]
    observe: "Callable[[Job, Path, pd.DataFrame], Observed]"
    reference: Callable[[Job, Path, int], Observed]


@dataclass(frozen=True)
class Case:
    """All that the stages know of a case. The functions import what they need when called,
    so that each stage pays only for what it uses.

    `learner` gets the datamodule because sizes come from the data. `assemble` gets the trained
    learner, adds the baselines and the blend, and writes `bundle/` into the folder of the fit.
    `report` judges that bundle on each split; `variants`
    makes smaller bundles below the given folder, the uncompressed one first.
    Of any bundle folder, `answers` scores a split's rows through the code that serves,
    `answer_rows` gives a function that answers n rows, for timing, and `metrics` those at its
    threshold; `example` is a few raw rows for the model's signature.
    `folds` prepares cross-validation below a folder, a job a fold, all that is fitted on its training
    part alone; `predict_file` streams a raw file through a bundle to a file and counts the rows it wrote,
    under options of the case's own by the names in `predict_options`; `predict_suffix` says what kind of file
    the standard input is.
    `watch` says how its rows are monitored. `metrics` are higher-is-better unless their name is in `lower_is_better`.
    """

    model_params: type[Block]
    evaluate_params: type[Block]
    monitor: str
    mode: Literal["min", "max"]
    primary: str
    lower_is_better: frozenset[str]
    datamodule: "Callable[[Job], LightningDataModule]"
    learner: "Callable[[Job, LightningDataModule], LightningModule]"
    assemble: "Callable[[Job, LightningModule, Path], None]"
    predictor: Callable[[Path], Predictor]
    answers: Callable[[Job, Path, str], Answers]
    answer_rows: Callable[[Job, Path], Callable[[int], object]]
    example: "Callable[[Job], pd.DataFrame]"
    metrics: Callable[[Job, Path], Mapping[str, Metric]]
    report: Callable[[Job, Path], Report]
    variants: "Callable[[Job, Path, Path], Mapping[str, Path]]"
    folds: "Callable[[Job, Path], Iterator[Job]]"
    predict_options: frozenset[str]
    predict_suffix: str
    predict_file: Callable[[Path, Path, Path, Mapping[str, Any]], int]
    watch: Callable[[], Watch]
