"""The blocks of `params.yaml`: frozen, strict, every unknown key an error."""

import math
import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, field_validator

from components.core.blocks import Block
from components.core.errors import CasebookError, nearest_of
from components.core.params.gate_override import Override
from components.core.params.source import Source

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}")  # older cases may have what `casebook new` does not give


class FloatRange(Block):
    kind: Literal["float"]
    low: float
    high: float
    log: bool


class IntRange(Block):
    kind: Literal["int"]
    low: int
    high: int
    log: bool


class Choices(Block):
    kind: Literal["choice"]
    values: Annotated[tuple[str | int | float | bool, ...], Field(strict=False, min_length=1)]


Dimension = Annotated[FloatRange | IntRange | Choices, Field(discriminator="kind")]


class SearchParams(Block):
    """`space` maps a dotted path such as `model.dropout` or `fit.lr` to its range.

    So many `workers` search at once: processes here, or on the cluster of the Dask scheduler at `dask`, such as
    `tcp://host:8786`. One that has given no sign of life for `lost_after_s` seconds loses its trial to another;
    a trial is begun again at most `retries` times.
    """

    trials: Annotated[int, Field(ge=0)]
    startup_trials: Annotated[int, Field(ge=0)]
    prune: bool
    seed: int
    workers: Annotated[int, Field(ge=1)]
    dask: Annotated[str, Field(pattern=r"^(tcp|tls|ws|wss)://.+")] | None
    lost_after_s: Annotated[int, Field(ge=2)]
    retries: Annotated[int, Field(ge=0)]
    space: dict[str, Dimension]


class FitParams(Block):
    """What Lightning's Trainer and the optimizer are told; `batch_size` is that of all processes together.

    A step is an update of the weights, from `accumulate` batches; the last step of an epoch is made of those that are
    left. `max_epochs`, `max_steps` and `max_minutes` each end the fit. It is validated every `validate_every` steps, or
    where that is null after each epoch, and `patience` counts validations. A learner that steps its optimizers itself
    (two of them, say) clips and accumulates itself: a step is a batch, `gradient_clip` null and `accumulate` 1.
    """

    seed: int
    max_epochs: Annotated[int, Field(ge=1)]
    max_steps: Annotated[int, Field(ge=1)] | None
    max_minutes: Annotated[float, Field(gt=0)]
    validate_every: Annotated[int, Field(ge=1)] | None
    patience: Annotated[int, Field(ge=1)]
    batch_size: Annotated[int, Field(ge=1)]
    accumulate: Annotated[int, Field(ge=1)]
    lr: Annotated[float, Field(gt=0)]
    weight_decay: Annotated[float, Field(ge=0)]
    warmup_fraction: Annotated[float, Field(ge=0, lt=1)]
    gradient_clip: Annotated[float, Field(gt=0)] | None
    accelerator: Literal["auto", "cpu", "gpu"]
    devices: Annotated[int, Field(ge=1)]
    num_nodes: Annotated[int, Field(ge=1)]
    strategy: str
    precision: Literal["32-true", "bf16-mixed", "16-mixed", "bf16-true"]
    threads: Annotated[int, Field(ge=1)]

    def steps(self, batches: int, an_epoch: int) -> int:
        """How many whole steps the first `batches` of a fit make, where an epoch has `an_epoch` of them."""
        epochs, rest = divmod(batches, an_epoch)
        return epochs * math.ceil(an_epoch / self.accumulate) + rest // self.accumulate

    def planned_steps(self, an_epoch: int) -> int:
        """Steps of the whole fit, for schedules of the rate, where an epoch has `an_epoch` batches."""
        steps = self.steps(self.max_epochs * an_epoch, an_epoch)
        return steps if self.max_steps is None else min(steps, self.max_steps)


class Int8DynamicParams(Block):
    """Nothing is chosen."""


class Int8StaticParams(Block):
    """The ranges of activations are taken from `calibration_rows` training rows."""

    calibration_rows: Annotated[int, Field(ge=1)]


class PruneParams(Block):
    """`amount` is the share of weights dropped, `lr_factor` the share of the fit's rate for the epochs after."""

    amount: Annotated[float, Field(gt=0, lt=1)]
    lr_factor: Annotated[float, Field(gt=0)]
    epochs: Annotated[int, Field(ge=1)]


class DistillParams(Block):
    """`model` overrides dotted keys of the case's `model` block to make the student smaller; its
    targets are `teacher_share` of the teacher's probability, the rest the truth.
    """

    model: dict[str, Any]
    epochs: Annotated[int, Field(ge=1)]
    teacher_share: Annotated[float, Field(gt=0, le=1)]


class ResamplingParams(Block):
    """Of the bootstrap: how often rows are drawn anew, and the share of the draws that an interval holds."""

    resamples: Annotated[int, Field(ge=100)]
    confidence: Annotated[float, Field(gt=0.5, lt=1)]
    seed: int


class CompressParams(ResamplingParams):
    """`variants` are made in this order, each under its own params; the recipe declares which there are."""

    variants: dict[str, dict[str, Any]]
    max_metric_drop: Annotated[float, Field(ge=0)]
    latency_rows: Annotated[int, Field(ge=1)]
    latency_repeats: Annotated[int, Field(ge=10)]


def _in_order(limits: tuple[float, float]) -> tuple[float, float]:
    if not limits[0] <= limits[1]:
        raise ValueError("the lower limit comes first, such as [0.8, 1.2]")
    return limits


Limits = Annotated[tuple[float, float], Field(strict=False), AfterValidator(_in_order)]


class ReleaseParams(ResamplingParams):
    """Bars of the gate: `floors` by metric name, margins in units of the primary metric.

    `max_network_gap` is between the network and its exported graph, in units of what the network answers;
    `max_served_gap` between the registered bundle and the same bundle when it was judged, in units of its answers.

    Of recipes that answer probabilities: `calibration_margin` is by how much log loss and the like may be worse than
    the best baseline's, null where that is told and not asked; within `calibration_slope` and `calibration_intercept`
    the figures of those names must lie, null where they are only told. Of recipes whose answers state a share, such as
    that of targets within an interval, `stated_margin` is by how much the measured one may differ from it, null where
    that is told and not asked. Where a recipe's primary metric is in units of the data, both margins are shares of the
    other's figure. `overrides` let checks fail for a time.
    """

    floors: dict[str, float]
    baseline_margin: float
    champion_margin: float
    max_network_gap: Annotated[float, Field(ge=0)]
    max_served_gap: Annotated[float, Field(ge=0)]
    calibration_margin: Annotated[float, Field(ge=0)] | None = None
    calibration_slope: Limits | None = None
    calibration_intercept: Limits | None = None
    stated_margin: Annotated[float, Field(ge=0)] | None = Field(default=None, exclude_if=lambda value: value is None)
    overrides: Annotated[tuple[Override, ...], Field(strict=False)] = ()


class CrossvalParams(Block):
    """Folds of `casebook crossval`; `seed` shuffles them."""

    folds: Annotated[int, Field(ge=2)]
    seed: int


class CaseParams(Block):
    """One case. `prepare`, `model`, `evaluate` and `predict` are read by its recipe, the last by no stage; `smoke`
    holds the dotted keys that `--smoke` sets. `start` names another case, whose bundle the training of this one starts
    from.
    """

    recipe: str
    start: str | None
    source: Source
    prepare: dict[str, Any]
    model: dict[str, Any]
    search: SearchParams
    fit: FitParams
    evaluate: dict[str, Any]
    predict: dict[str, Any] = Field(default_factory=dict)
    compress: CompressParams
    release: ReleaseParams
    crossval: CrossvalParams
    smoke: dict[str, Any]


class Params(Block):
    """`operate` is checked by `core/params/operate.py`; no stage depends on it, so they run without the block."""

    cases: dict[str, CaseParams]
    operate: dict[str, Any] | None = None

    @field_validator("cases", mode="before")
    @classmethod
    def _names_are_plain(cls, cases: Any) -> Any:
        """A case's name is part of paths: none leads out of its folder."""
        for name in cases if isinstance(cases, dict) else ():
            if not isinstance(name, str) or not NAME.fullmatch(name):
                raise ValueError(
                    f"{str(name)[:61]!r} cannot name a case: use letters, digits and _, 60 at most, such as my_loans"
                )
        return cases

    def before(self, name: str) -> tuple[str, ...]:
        """The cases that must have a bundle before this one can be trained, in their order.

        Raises:
            CasebookError: one starts from a case that is not there, or in the end from itself.
        """
        chain = [name]
        while (start := self.case(chain[0]).start) is not None:
            where = f"params.yaml: cases.{chain[0]}.start"
            if start not in self.cases:
                known = nearest_of(start, sorted(self.cases))
                raise CasebookError(f"{where}: no case {start!r}{known}; or null, for none")
            if start in chain:
                circle = " from ".join([*reversed(chain[: chain.index(start) + 1]), start])
                raise CasebookError(f"{where}: {circle} is a circle; let one of them start from null")
            chain.insert(0, start)
        return tuple(chain[:-1])

    def case(self, name: str) -> CaseParams:
        if name not in self.cases:
            raise CasebookError(f"params.yaml: no case {name!r}{nearest_of(name, sorted(self.cases))}")
        return self.cases[name]
