"""The contract of next-item recommendation: a sequence Transformer beside EASE, transitions and popularity."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from components.blocks import Block, Names, read_block
from components.contracts import Answers, Case, Job, Metric, Predictor, Report, Watch
from components.preparation.interactions.encoding.tokens import TokenParams
from components.preparation.interactions.encoding.weights import RecencyParams

if TYPE_CHECKING:
    import pandas as pd
    from lightning.pytorch import LightningDataModule, LightningModule

    from components.datamodules.sequences import SequenceData

Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
PRIMARY = "ndcg@10"


class NetworkParams(Block):
    """Sizes of the sequence Transformer, which sees a user's last `window` events; `expansion` times `size` is the
    width of its feed-forward layers.
    """

    window: Annotated[int, Field(ge=2, le=32_000)]
    size: Count
    blocks: Count
    heads: Count
    expansion: Count
    dropout: Share
    attention_dropout: Share
    input_dropout: Share


class LossParams(Block):
    """`full` softmax over all items, or over `negatives` draws a batch: `sampled` softmax, drawn by popularity to
    `power`; `gbce`, drawn uniformly, with its `calibration` t. Every event asks for its next `next_items` items, the
    m-th with weight `decay ** m`.
    """

    kind: Literal["full", "sampled", "gbce"]
    next_items: Count
    decay: Annotated[float, Field(gt=0, le=1)]
    negatives: Count
    power: NotNegative
    calibration: Annotated[float, Field(ge=0, le=1)]


class OptimizerParams(Block):
    """AdamW's `betas`; the rate falls to `floor` of `fit.lr` at the end."""

    betas: Annotated[tuple[Share, Share], Field(strict=False)]
    floor: Annotated[float, Field(gt=0, lt=1)]


class EASEParams(Block):
    """`neighbours` is how many entries of each item the bundle keeps."""

    ridge: Positive
    max_items: Count
    recency: RecencyParams
    neighbours: Count


class TransitionsParams(Block):
    """As `components.baselines.interactions.Transitions`; `neighbours` as in `EASEParams`."""

    window: Count
    seconds: Positive
    lag_power: NotNegative
    reverse: NotNegative
    shrinkage: NotNegative
    prior: Positive
    popularity_power: NotNegative
    recency: RecencyParams
    neighbours: Count


class BlendParams(Block):
    """`weights` that each baseline may have beside the learner's 1; the validation question, asked of at most
    `users`, picks.
    """

    weights: Annotated[tuple[NotNegative, ...], Field(strict=False, min_length=1)]
    users: Count


class IndexParams(Block):
    """See `components.predictors.ranking.index.IndexSettings`."""

    threshold: Count
    cells: Count
    probes: Count
    candidates: Count
    sample: Count
    seed: int


class ServingParams(Block):
    """`top` items are answered where nobody says how many."""

    top: Count
    index: IndexParams


class ModelParams(Block):
    tokens: TokenParams
    network: NetworkParams
    loss: LossParams
    optimizer: OptimizerParams
    ease: EASEParams
    transitions: TransitionsParams
    blend: BlendParams
    serving: ServingParams


class EvaluateParams(Block):
    """`cutoffs` of the metrics, `places` of the lists that are looked at; slices by `history_edges` (events),
    `popularity_quantiles` of the item asked for, and `user_features`. `genres` names the item feature by which lists
    are compared with histories, null for none. Of each length of history `examples` users are shown, with their
    `last` events.
    """

    resamples: Annotated[int, Field(ge=100)]
    confidence: Annotated[float, Field(gt=0.5, lt=1)]
    seed: int
    cutoffs: Annotated[tuple[Count, ...], Field(strict=False, min_length=1)]
    places: Count
    min_group: Count
    history_edges: Annotated[tuple[Count, ...], Field(strict=False, min_length=1)]
    popularity_quantiles: Annotated[tuple[Share, Share], Field(strict=False)]
    user_features: Names
    genres: str | None
    calibration_alpha: Annotated[float, Field(gt=0, lt=1)]
    examples: Count
    last: Count
    notice: str
    intended_use: str
    limits: str


def model_params(job: Job) -> ModelParams:
    return read_block(ModelParams, job.params.model, f"params.cases.{job.case}.model")


def evaluate_params(job: Job) -> EvaluateParams:
    return read_block(EvaluateParams, job.params.evaluate, f"params.cases.{job.case}.evaluate")


def _datamodule(job: Job) -> "LightningDataModule":
    return make_data(job, whole=False)


def make_data(job: Job, *, whole: bool) -> "SequenceData":
    """The training events, or with `whole` those of the validation too."""
    from components.datamodules.sequences import SequenceData

    params, prepared = model_params(job), job.paths.prepared(job.case)
    window, next_items = params.network.window, params.loss.next_items
    return SequenceData(prepared, job.params.fit, params.tokens, window=window, next_items=next_items, whole=whole)


def _learner(job: Job, data: "LightningDataModule") -> "LightningModule":
    from components.cases.recommender.network import make_learner
    from components.datamodules.sequences import SequenceData

    assert isinstance(data, SequenceData)
    return make_learner(job, data, model_params(job))


def _assemble(job: Job, learner: "LightningModule", folder: Path) -> None:
    from components.cases.recommender.assemble import assemble

    assemble(job, CASE, learner, folder)


def _predictor(folder: Path) -> Predictor:
    from components.predictors.ranking.predictor import open_predictor

    return open_predictor(folder)


def _answers(job: Job, bundle: Path, split: str) -> Answers:
    from components.cases.recommender.serve import answers

    return answers(job, bundle, split)


def _answer_rows(job: Job, bundle: Path) -> Callable[[int], object]:
    from components.cases.recommender.serve import answer_rows

    return answer_rows(job, bundle)


def _example(job: Job) -> "pd.DataFrame":
    from components.cases.recommender.serve import example

    return example(job)


def _metrics(job: Job, bundle: Path) -> Mapping[str, Metric]:  # noqa: ARG001 - no threshold to read
    from components.evaluation.ranking.metrics import ranking_metrics

    return ranking_metrics(evaluate_params(job).cutoffs)


def _report(job: Job, fitted: Path) -> Report:
    from components.cases.recommender.report import report

    return report(job, fitted)


def _variants(job: Job, fitted: Path, work: Path) -> Mapping[str, Path]:
    from components.cases.recommender.variants import make_variants

    return make_variants(job, CASE, fitted, work)


def _folds(job: Job, folder: Path) -> Iterator[Job]:
    from components.cases.recommender.folds import write_folds

    return write_folds(job, folder)


def _predict_file(bundle: Path, source: Path, target: Path, options: Mapping[str, Any]) -> int:
    from components.cases.recommender.stream import predict_file

    return predict_file(bundle, source, target, options)


def _watch() -> Watch:
    from components.cases.recommender.watch import WATCH

    return WATCH


CASE = Case(
    model_params=ModelParams,
    evaluate_params=EvaluateParams,
    monitor=f"val/{PRIMARY}",
    mode="max",
    primary=PRIMARY,
    lower_is_better=frozenset(),
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
    predict_options=frozenset({"top", "allow", "deny"}),
    predict_suffix=".csv",
    predict_file=_predict_file,
    watch=_watch,
)
