"""The contract of a two-class table: a TabM learner beside logistic splines and LightGBM."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from components.blocks import Block, Names, read_block
from components.contracts import Answers, Case, Job, Metric, Predictor, Report, Watch

if TYPE_CHECKING:
    import pandas as pd
    from lightning.pytorch import LightningDataModule, LightningModule

Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]


class NetworkParams(Block):
    """Sizes of the TabM network; `bins`, or `frequencies` and `frequency_scale`, serve their embedding."""

    k: Count
    blocks: Count
    width: Count
    dropout: Share
    embedding: Literal["none", "piecewise_linear", "periodic"]
    embedding_size: Count
    bins: Annotated[int, Field(ge=2)]
    frequencies: Count
    frequency_scale: Annotated[float, Field(gt=0)]


class LogisticParams(Block):
    """`leave_out` names numeric features that would only add collinear columns to a linear model."""

    leave_out: Names
    knots: Annotated[int, Field(ge=2)]
    c: Annotated[float, Field(gt=0)]


class LightGBMParams(Block):
    """`settings` are LightGBM's own; `monotone` says which features may only raise (1) or lower (-1) the score."""

    seeds: Count
    settings: dict[str, Any]
    monotone: dict[str, Literal[-1, 1]]


class BlendParams(Block):
    """`shrinkage` pulls the weights towards equal ones; members below `min_weight` are left out."""

    shrinkage: Annotated[float, Field(ge=0)]
    min_weight: Share
    calibrators: Names
    calibration_folds: Annotated[int, Field(ge=2)]


class ModelParams(Block):
    network: NetworkParams
    logistic: LogisticParams
    lightgbm: LightGBMParams
    blend: BlendParams


class Sensitive(Block):
    """A column whose groups are compared for fairness, cut at `edges` if it is a number."""

    column: str
    edges: Annotated[tuple[float, ...], Field(strict=False)] | None


class EvaluateParams(Block):
    resamples: Annotated[int, Field(ge=100)]
    confidence: Annotated[float, Field(gt=0.5, lt=1)]
    seed: int
    ece_bins: Annotated[int, Field(ge=2)]
    bands: Annotated[int, Field(ge=2)]
    psi_bins: Annotated[int, Field(ge=2)]
    psi_floor: Annotated[float, Field(gt=0, lt=0.1)]
    min_group: Count
    reasons: Count
    decisions: Annotated[tuple[str, str], Field(strict=False)]
    slices: list[Sensitive]
    sensitive: list[Sensitive]
    notice: str
    intended_use: str
    limits: str


def model_params(job: Job) -> ModelParams:
    return read_block(ModelParams, job.params.model, f"params.cases.{job.case}.model")


def evaluate_params(job: Job) -> EvaluateParams:
    return read_block(EvaluateParams, job.params.evaluate, f"params.cases.{job.case}.evaluate")


def _datamodule(job: Job) -> "LightningDataModule":
    from components.datamodules.table import TableData

    return TableData(job.paths.prepared(job.case), job.params.fit)


def _learner(job: Job, data: "LightningDataModule") -> "LightningModule":
    from components.cases.finance_risk.network import make_learner
    from components.datamodules.table import TableData

    assert isinstance(data, TableData)
    return make_learner(job, data, model_params(job).network)


def _assemble(job: Job, learner: "LightningModule", folder: Path) -> None:
    from components.cases.finance_risk.assemble import assemble

    assemble(job, learner, folder)


def _predictor(folder: Path) -> Predictor:
    from components.predictors.table.predictor import open_predictor

    return open_predictor(folder)


def _answers(job: Job, bundle: Path, split: str) -> Answers:
    from components.cases.finance_risk.serve import answers

    return answers(job, bundle, split)


def _answer_rows(job: Job, bundle: Path) -> Callable[[int], object]:
    from components.cases.finance_risk.serve import answer_rows

    return answer_rows(job, bundle)


def _example(job: Job) -> "pd.DataFrame":
    from components.cases.finance_risk.serve import example

    return example(job)


def _metrics(job: Job, bundle: Path) -> Mapping[str, Metric]:
    from components.evaluation.binary.metrics import binary_metrics
    from components.predictors.table.predictor import open_predictor

    return binary_metrics(threshold=open_predictor(bundle).settings.threshold, bins=evaluate_params(job).ece_bins)


def _report(job: Job, fitted: Path) -> Report:
    from components.cases.finance_risk.report import report

    return report(job, fitted)


def _variants(job: Job, fitted: Path, work: Path) -> Mapping[str, Path]:
    from components.cases.finance_risk.variants import make_variants

    return make_variants(job, CASE, fitted, work)


def _folds(job: Job, folder: Path) -> Iterator[Job]:
    from components.cases.finance_risk.folds import write_folds

    return write_folds(job, folder)


def _predict_file(bundle: Path, source: Path, target: Path, options: Mapping[str, Any]) -> int:  # noqa: ARG001 - none
    from components.predictors.table.predictor import open_predictor
    from components.preparation.table.stream import predict_file

    return predict_file(open_predictor(bundle), source, target)


def _watch() -> Watch:
    from components.cases.finance_risk.watch import WATCH

    return WATCH


CASE = Case(
    model_params=ModelParams,
    evaluate_params=EvaluateParams,
    monitor="val/loss",
    mode="min",
    primary="auc",
    lower_is_better=frozenset({"brier", "ece", "log_loss"}),
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
