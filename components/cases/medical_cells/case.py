"""The contract of objects in images: a dense detector beside classical segmentation."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from components.blocks import Block, read_block
from components.contracts import Answers, Case, Job, Metric, Predictor, Report, Watch

if TYPE_CHECKING:
    import pandas as pd
    from lightning.pytorch import LightningDataModule, LightningModule

    from components.datamodules.images.data import ImageData

Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Counts = Annotated[tuple[Count, ...], Field(strict=False, min_length=4, max_length=4)]
Depths = Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(strict=False, min_length=4, max_length=4)]
Numbers = Annotated[tuple[Positive, ...], Field(strict=False, min_length=1)]

PRIMARY = "map50_95"
MULTIPLE = 32


class InputParams(Block):
    """Images are scaled so that a typical object is about `object_pixels` wide. An epoch has `views` views of `size`
    (height, width).
    """

    object_pixels: Positive
    size: Annotated[tuple[Count, Count], Field(strict=False)]
    views: Count


class NetworkParams(Block):
    """Channels of the stem, channels and residual blocks of the four stages, channels of the pyramid; `hidden` is the
    share of them inside blocks and heads. A point answers for `stride` pixels.
    """

    stride: Literal[4, 8]
    stem: Count
    widths: Counts
    depths: Depths
    size: Count
    hidden: Annotated[float, Field(gt=0, le=1)]
    channels_last: bool


class OptimizerParams(Block):
    """`decay` is the share of the weights' average that a step keeps, `floor` of the learning rate at both ends.

    `kernel_lr_factor` times the learning rate is Muon's, of the kernels that it steps; null: AdamW steps all.
    """

    decay: Annotated[float, Field(ge=0, lt=1)]
    floor: Annotated[float, Field(gt=0, le=1)]
    kernel_lr_factor: Positive | None


class RefitParams(Block):
    """The learner trained on, with the validation images too, for `epochs` at `lr_factor` of the learning rate."""

    epochs: Count
    lr_factor: Positive


class BaselineParams(Block):
    """Segmentation: see `RegionSettings`. Of `smooth` and `spacing` validation chooses; at most `images` are used."""

    objects: Literal["bright", "dark"]
    smooth: Numbers
    spacing: Numbers
    images: Count


class ServingParams(Block):
    """Tiles of `tile` pixels a side; `mirrors`, `zooms` and `votes` as in `DetectionSettings`."""

    tile: Annotated[int, Field(ge=MULTIPLE, multiple_of=MULTIPLE)]
    mirrors: Literal[1, 2, 4]
    zooms: Numbers
    votes: Positive | None


class ModelParams(Block):
    """`augment`, `loss` and `answers` are read by the modules that use them: see `AugmentParams`, `LossParams` and
    `AnswerParams`.
    """

    input: InputParams
    augment: dict[str, Any]
    network: NetworkParams
    loss: dict[str, Any]
    answers: dict[str, Any]
    optimizer: OptimizerParams
    refit: RefitParams | None
    baseline: BaselineParams
    serving: ServingParams


class EvaluateParams(Block):
    """True boxes are compared in `parts` bands of size and of crowding, those of fewer than `min_group` without a
    figure; `examples` images are shown of the worst, and as many at random.
    """

    resamples: Annotated[int, Field(ge=100)]
    confidence: Annotated[float, Field(gt=0.5, lt=1)]
    seed: int
    parts: Count
    min_group: Count
    examples: Count
    notice: str
    intended_use: str
    limits: str


def model_params(job: Job) -> ModelParams:
    return read_block(ModelParams, job.params.model, f"params.cases.{job.case}.model")


def evaluate_params(job: Job) -> EvaluateParams:
    return read_block(EvaluateParams, job.params.evaluate, f"params.cases.{job.case}.evaluate")


def _datamodule(job: Job) -> "LightningDataModule":
    return make_data(job, whole=False)


def make_data(job: Job, *, whole: bool) -> "ImageData":
    """The training images, or with `whole` those of the validation too."""
    from components.datamodules.images.augment import AugmentParams
    from components.datamodules.images.data import ImageData

    params = model_params(job)
    augment = read_block(AugmentParams, params.augment, f"params.cases.{job.case}.model.augment")
    return ImageData(job.paths.prepared(job.case), job.params.fit, augment, **params.input.model_dump(), whole=whole)


def _learner(job: Job, data: "LightningDataModule") -> "LightningModule":
    from components.cases.medical_cells.network import make_learner
    from components.datamodules.images.data import ImageData

    assert isinstance(data, ImageData)
    return make_learner(job, data, model_params(job))


def _assemble(job: Job, learner: "LightningModule", folder: Path) -> None:
    from components.cases.medical_cells.assemble import assemble

    assemble(job, CASE, learner, folder)


def _predictor(folder: Path) -> Predictor:
    from components.predictors.detection.predictor import open_predictor

    return open_predictor(folder)


def _answers(job: Job, bundle: Path, split: str) -> Answers:
    from components.cases.medical_cells.serve import answers

    return answers(job, bundle, split)


def _answer_rows(job: Job, bundle: Path) -> Callable[[int], object]:
    from components.cases.medical_cells.serve import answer_rows

    return answer_rows(job, bundle)


def _example(job: Job) -> "pd.DataFrame":
    from components.cases.medical_cells.serve import example

    return example(job)


def _metrics(job: Job, bundle: Path) -> Mapping[str, Metric]:  # noqa: ARG001 - the bundle says it all
    from components.evaluation.detection.metrics import detection_metrics
    from components.predictors.detection.predictor import open_predictor

    settings = open_predictor(bundle).settings
    return detection_metrics(settings.spec.classes, threshold=settings.thresholds)


def _report(job: Job, fitted: Path) -> Report:
    from components.cases.medical_cells.report import report

    return report(job, fitted)


def _variants(job: Job, fitted: Path, work: Path) -> Mapping[str, Path]:
    from components.cases.medical_cells.variants import make_variants

    return make_variants(job, CASE, fitted, work)


def _folds(job: Job, folder: Path) -> Iterator[Job]:
    from components.cases.medical_cells.folds import write_folds

    return write_folds(job, folder)


def _predict_file(bundle: Path, source: Path, target: Path, options: Mapping[str, Any]) -> int:
    from components.cases.medical_cells.stream import predict_file

    return predict_file(bundle, source, target, options)


def _watch() -> Watch:
    from components.cases.medical_cells.watch import WATCH

    return WATCH


CASE = Case(
    model_params=ModelParams,
    evaluate_params=EvaluateParams,
    monitor=f"val/{PRIMARY}",
    mode="max",
    primary=PRIMARY,
    lower_is_better=frozenset({"count_error"}),
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
    predict_options=frozenset({"draw"}),
    predict_suffix=".png",
    predict_file=_predict_file,
    watch=_watch,
)
