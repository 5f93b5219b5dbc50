"""Parts of a recipe, as those who call them know them: a Protocol for each, and the records that parts hand over.

mypy holds the modules of a recipe against the Protocols where the recipe is declared.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from components.core.job import AnyJob, Meta
from components.core.results import Answers, Observed, Report

if TYPE_CHECKING:  # the data stages and the server must not pay for importing these
    import numpy as np
    import pandas as pd
    from lightning.pytorch import LightningDataModule, LightningModule


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
        """Raw rows, as the source has them, to the recipe's answer columns, in the same order.

        What else it takes, by name, its module tells in `PARAMS`, with the defaults.
        """


@runtime_checkable
class Answering(Protocol):
    """A predictor that answers what Python has in hand, without a frame: rows by column, lines, or paths of images.

    Where a recipe's is none, rows are made a frame for it.
    """

    @property
    def TAKES(self) -> Literal["rows", "lines", "images"]: ...  # noqa: N802 - a constant of the class

    def answers_to(self, given: Any, /, **options: Any) -> Mapping[str, Any]:
        """What `predict_file` writes of them, by column."""


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
    trained on, and at its answers to units that it was not trained on. `said` gives the scores alone of what `observe`
    would, where that is less work.
    """

    rows: "Callable[[AnyJob, Path], Iterator[pd.DataFrame]]"
    outcome: Callable[[AnyJob], Sequence[str]]
    observe: "Callable[[AnyJob, Path, pd.DataFrame], Observed]"
    reference: Callable[[AnyJob, Path, int], Observed]
    unit: Callable[[AnyJob], str | None] = lambda _job: None
    key: Callable[[AnyJob], Sequence[str]] = lambda _job: ()
    said: "Callable[[AnyJob, Path, pd.DataFrame], pd.DataFrame] | None" = None


@dataclass(frozen=True)
class NewEvents:
    """What a look for new events has found: `added` ones of `users`, beside `known` that were kept before. `told` are
    sentences on what is unknown to the model or could not be read, `counts` their numbers. `until` is the time of the
    newest of all (ISO 8601, UTC). `write` leaves them all in a folder.
    """

    added: int
    users: int
    known: int
    until: str | None
    told: Sequence[str]
    counts: Mapping[str, int]
    write: Callable[[Path], None]


# Writes the bundle of one variant: from a job, the variant's block, the folder of the fit and the variant's own.
Maker = Callable[[AnyJob, Any, Path, Path], None]


class Preparation(Protocol):
    def prepare(self, job: AnyJob, /) -> Meta:
        """Check, set aside, split and encode the raw rows: all of `data/prepared/<case>`."""


class Trained(Protocol):
    @property
    def TRAINING(self) -> Training: ...  # noqa: N802 - a constant of the part


class Assembly(Protocol):
    def assemble(self, job: AnyJob, learner: "LightningModule", folder: Path, /) -> "LightningModule":
        """Add the baselines and the blend to the trained learner, and write `bundle/` into the folder of the fit.

        Returns the learner whose graph `bundle/` holds: the one given, or that of a second fit.
        """

    def network_gap(self, job: AnyJob, served: "LightningModule", fitted: Path, /) -> float:
        """The largest difference, over validation rows, between what that learner and its graph answer."""


class Serving(Protocol):
    """Of any bundle folder, through the code that serves."""

    def open_predictor(self, bundle: Path, /) -> Predictor: ...

    def answers(self, job: AnyJob, bundle: Path, split: str, /) -> Answers:
        """Targets and scores of a split's units."""

    def answer_rows(self, job: AnyJob, bundle: Path, /) -> Callable[[int], object]:
        """A function that answers the next n units as a client sends them, reasons and all: for timing."""

    def example(self, job: AnyJob, /) -> "pd.DataFrame":
        """A few raw rows as a client would send them, for the model's signature."""

    def metrics(self, job: AnyJob, bundle: Path, /) -> Mapping[str, Metric]:
        """What answers are judged by, at the bundle's threshold where it has one."""


class Calibrated(Protocol):
    """Of a part `serving` whose answers are probabilities."""

    def constant(self, job: AnyJob, bundle: Path, /) -> "np.ndarray":
        """The answer to one unit of who knows how often the event is among the training rows, and nothing else."""


class Stating(Protocol):
    """Of a part `serving` whose answers state a share themselves, such as that of targets within an interval."""

    def stated(self, job: AnyJob, bundle: Path, /) -> Mapping[str, float]:
        """The share that is stated, by the metric that measures it."""


class Remembering(Protocol):
    """Of a part `serving` whose predictor answers by what is stored of users: it then has a `know(folder)`, too."""

    def write_histories(self, job: AnyJob, bundle: Path, folder: Path, /) -> None:
        """Write into the folder every event of the prepared data, those of the test too, with a note."""

    def named_by(self, job: AnyJob, /) -> Sequence[str]:
        """The columns of a request that names users alone."""

    def known_rows(self, job: AnyJob, users: int, /) -> "pd.DataFrame":
        """All raw rows that are known of some users, in order: answered alike, given or stored."""


class CatchesUp(Protocol):
    def catch_up(self, job: AnyJob, bundle: Path, before: Path, source: Path, work: Path, /) -> NewEvents:
        """The events of `before`, a folder of histories, and those of the source that it lacks, for the bundle's users
        and items. `source` is a raw folder or a file of events; what does not fit in memory goes to `work`.
        """


class Reporting(Protocol):
    def report(self, job: AnyJob, fitted: Path, bundle: Path, /) -> Report:
        """Judge the bundle that is served on each split; of `fitted` the one that does not know the validation, where
        there is one, answers that.
        """


class Variants(Protocol):
    @property
    def VARIANTS(self) -> Mapping[str, Maker]: ...  # noqa: N802 - a constant of the part


class Folds(Protocol):
    def write_folds(self, job: AnyJob, folder: Path, /) -> Iterator[AnyJob]:
        """A job for each fold, its data prepared below `folder`, all that is fitted on its training part alone."""


class Predict(Protocol):
    def predict_file(self, bundle: Path, source: Path, target: Path, options: Mapping[str, Any], /) -> int:
        """Stream a raw file through a bundle to a file, and count the rows written."""


class Watching(Protocol):
    @property
    def WATCH(self) -> Watch: ...  # noqa: N802 - a constant of the part
