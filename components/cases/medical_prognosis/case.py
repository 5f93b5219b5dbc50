"""The contract of a cohort: a hazard network beside Cox's regression, a survival forest and boosting."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, model_validator

from components.blocks import Block, read_block
from components.contracts import Answers, Case, Job, Metric, Predictor, Report, Watch

if TYPE_CHECKING:
    import pandas as pd
    from lightning.pytorch import LightningDataModule, LightningModule

Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Numbers = Annotated[tuple[float, ...], Field(strict=False, min_length=1)]


class NetworkParams(Block):
    """A TabM network of hazards in `intervals` with equally many events.

    `objective` is `hazard`, the likelihood of a hazard constant in each interval, or `cox`, the
    partial likelihood. `time_varying` scales how far the former may leave proportional hazards.
    """

    objective: Literal["hazard", "cox"]
    intervals: Annotated[int, Field(ge=2)]
    time_varying: Annotated[float, Field(ge=0)]
    k: Count
    blocks: Count
    width: Count
    dropout: Share


class CoxParams(Block):
    knots: Annotated[int, Field(ge=2)]
    ridge: Positive


class ForestParams(Block):
    """`features` is the share looked at for a split, `resolution` the years that times are rounded to."""

    trees: Count
    min_leaf: Count
    features: Annotated[float, Field(gt=0, le=1)]
    resolution: Positive
    seed: int


class BoostingParams(Block):
    trees: Count
    rate: Positive
    depth: Count
    min_leaf: Count
    subsample: Annotated[float, Field(gt=0, le=1)]
    features: Annotated[float, Field(gt=0, le=1)]
    seed: int


class CurveParams(Block):
    """Years: `step` of the grid on which members are pooled, and the `horizons` that are answered."""

    step: Positive
    horizons: Numbers

    @model_validator(mode="after")
    def _horizons_are_on_the_grid(self) -> "CurveParams":
        if list(self.horizons) != sorted(set(self.horizons)) or len(self.horizons) < 2 or self.horizons[0] <= 0:
            raise ValueError("horizons must rise from above 0, two at least")
        if off := [year for year in self.horizons if abs(year / self.step - round(year / self.step)) > 1e-9]:
            raise ValueError(f"horizon {off[0]:g} is no multiple of step {self.step:g}")
        return self


class BlendParams(Block):
    """`shrinkage` pulls the weights towards equal ones; members below `min_weight` are left out."""

    shrinkage: Annotated[float, Field(ge=0)]
    min_weight: Share


class ModelParams(Block):
    """`specificity` is what the decision's threshold has on validation, by the last horizon."""

    network: NetworkParams
    cox: CoxParams
    forest: ForestParams
    boosting: BoostingParams
    curve: CurveParams
    blend: BlendParams
    specificity: Annotated[float, Field(gt=0, lt=1)]


class Subgroup(Block):
    """A column whose groups are looked at apart, cut at `edges` if it is a number."""

    column: str
    edges: Annotated[tuple[float, ...], Field(strict=False)] | None


class EvaluateParams(Block):
    resamples: Annotated[int, Field(ge=100)]
    confidence: Annotated[float, Field(gt=0.5, lt=1)]
    seed: int
    calibrated: Numbers
    calibration_groups: Annotated[int, Field(ge=2)]
    risk_groups: Annotated[int, Field(ge=2, le=5)]
    net_benefit: Numbers
    min_group: Count
    reasons: Count
    patients: Count
    decisions: Annotated[tuple[str, str], Field(strict=False)]
    subgroups: list[Subgroup]
    notice: str
    intended_use: str
    limits: str


def model_params(job: Job) -> ModelParams:
    return read_block(ModelParams, job.params.model, f"params.cases.{job.case}.model")


def evaluate_params(job: Job) -> EvaluateParams:
    return read_block(EvaluateParams, job.params.evaluate, f"params.cases.{job.case}.evaluate")


def make_data(job: Job, *, whole: bool) -> "LightningDataModule":
    from components.datamodules.cohort import CohortData

    intervals = model_params(job).network.intervals
    return CohortData(job.paths.prepared(job.case), job.params.fit, intervals=intervals, whole=whole)


def _datamodule(job: Job) -> "LightningDataModule":
    return make_data(job, whole=False)


def _learner(job: Job, data: "LightningDataModule") -> "LightningModule":
    from components.cases.medical_prognosis.network import make_learner
    from components.datamodules.cohort import CohortData

    assert isinstance(data, CohortData)
    return make_learner(job, data, model_params(job).network)


def _assemble(job: Job, learner: "LightningModule", folder: Path) -> None:
    from components.cases.medical_prognosis.assemble import assemble

    assemble(job, CASE, learner, folder)


def _predictor(folder: Path) -> Predictor:
    from components.predictors.survival.predictor import open_predictor

    return open_predictor(folder)


def _answers(job: Job, bundle: Path, split: str) -> Answers:
    from components.cases.medical_prognosis.serve import answers

    return answers(job, bundle, split)


def _answer_rows(job: Job, bundle: Path) -> Callable[[int], object]:
    from components.cases.medical_prognosis.serve import answer_rows

    return answer_rows(job, bundle)


def _example(job: Job) -> "pd.DataFrame":
    from components.cases.medical_prognosis.serve import example

    return example(job)


def _metrics(job: Job, bundle: Path) -> Mapping[str, Metric]:
    from components.cases.medical_prognosis.serve import metrics

    return metrics(job, bundle)


def _report(job: Job, fitted: Path) -> Report:
    from components.cases.medical_prognosis.report import report

    return report(job, fitted)


def _variants(job: Job, fitted: Path, work: Path) -> Mapping[str, Path]:
    from components.cases.medical_prognosis.variants import make_variants

    return make_variants(job, CASE, fitted, work)


def _folds(job: Job, folder: Path) -> Iterator[Job]:
    from components.cases.medical_prognosis.folds import write_folds

    return write_folds(job, folder)


def _predict_file(bundle: Path, source: Path, target: Path, options: Mapping[str, Any]) -> int:  # noqa: ARG001 - none
    from components.predictors.survival.predictor import open_predictor
    from components.preparation.table.stream import predict_file

    return predict_file(open_predictor(bundle), source, target)


def _watch() -> Watch:
    from components.cases.medical_prognosis.watch import WATCH

    return WATCH


CASE = Case(
    model_params=ModelParams,
    evaluate_params=EvaluateParams,
    monitor="val/loss",
    mode="min",
    primary="c_index",
    lower_is_better=frozenset({"ibs"}),
    datamodule=_datamodule,
    learner=_learner,
    assemble=_assemble,
    predictor=_predictor,
    answers=_answers,
    answer_rows=_answer_rows,
    example=_example,
    metrics=_metrics,
    report=_report,
    variants=_variants,
    folds=_folds,
    predict_options=frozenset(),
    predict_suffix=".csv",
    predict_file=_predict_file,
    watch=_watch,
)
