"""Records of what stages find out: of fits, trials, metrics, reports, the gate and monitoring."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:  # the data stages and the server must not pay for importing these
    import numpy as np
    import pandas as pd
    from matplotlib.figure import Figure

    from components.core.params.gate_override import Override

MODEL, LEARNER = "model", "learner"  # who predicts: the blend that is served, the network alone


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

    `epochs` counts those that were begun, `steps` as `FitParams` has them; the whole fit would have been
    `max_epochs` and `planned` steps, 0 where that is not known.
    """

    monitor: str
    value: float
    best_epoch: int
    epochs: int
    steps: int
    stopped: Literal["epochs", "steps", "patience", "minutes"]
    max_epochs: int = 0
    planned: int = 0

    @property
    def cut(self) -> str:
        """Where `fit.max_minutes` ended it, in words; nothing where it ended by itself."""
        if self.stopped != "minutes":
            return ""
        epochs, steps = (f" of {whole:,}" if whole else "" for whole in (self.max_epochs, self.planned))
        return f"in epoch {self.epochs:,}{epochs}, after {self.steps:,}{steps} steps"


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
    called: cross-validation looks at none. `plots` are the curves that `dvc plots` draws, by kind and name such as
    `roc/test`; see `evaluation/plots.py`. `predicts` ends the card's first sentence, "It predicts ..."; `decisions` are
    tables that count how often what is answered at the served thresholds is right.
    """

    scores: Sequence[Scores]
    predictions: "Mapping[str, pd.DataFrame]"
    analysis: Mapping[str, Any] = field(default_factory=dict)
    tables: Sequence[Table] = ()
    notes: Mapping[str, Any] = field(default_factory=dict)
    figures: "Mapping[str, Callable[[], Figure]]" = field(default_factory=dict)
    pages: Mapping[str, Callable[[], str]] = field(default_factory=dict)
    plots: "Mapping[str, pd.DataFrame]" = field(default_factory=dict)
    predicts: str = ""
    decisions: Sequence[Table] = ()


@dataclass(frozen=True)
class Check:
    """One question the gate asked, its answer and the figures it rests on.

    A check that failed stays failed under an `override`, and stops no promotion.
    """

    name: str
    passed: bool
    reason: str
    override: "Override | None" = None

    @property
    def stops(self) -> bool:
        return not self.passed and self.override is None

    @property
    def told(self) -> str:
        """The reason, and who has overridden it."""
        return self.reason if self.override is None else f"{self.reason}; {self.override.told}"


@dataclass(frozen=True)
class Decision:
    """The gate's answer. `promoted` is true only if every check passed or was overridden."""

    promoted: bool
    checks: tuple[Check, ...]

    @property
    def reasons(self) -> tuple[str, ...]:
        """Of each check that failed, the overridden ones too."""
        return tuple(check.told for check in self.checks if not check.passed)

    @property
    def overridden(self) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if check.override is not None)


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
