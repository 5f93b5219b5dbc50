"""The contract of pinyin to hanzi: a Transformer that labels syllables, fused with a word lattice."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from components.blocks import Block, read_block
from components.contracts import Answers, Case, Job, Metric, Predictor, Report, Watch
from components.preparation.pinyin.encoding.lattice_params import LatticeParams
from components.preparation.pinyin.encoding.search_params import BeamParams, ContextParams, PartParams
from components.preparation.pinyin.encoding.spec import InputParams
from components.preparation.pinyin.encoding.windows import WindowParams

if TYPE_CHECKING:
    import pandas as pd
    from lightning.pytorch import LightningDataModule, LightningModule

Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Edges = Annotated[tuple[Count, ...], Field(strict=False, min_length=1)]
PRIMARY = "char_accuracy"


class NetworkParams(Block):
    """Sizes of the Transformer over syllables, of the vectors of n-grams and of those of the candidates. Attention
    tells distances up to `reach` apart; `expansion` times `size` is the width of its feed-forward layers. An n-gram
    seen n times is unknown in training with the chance `window_dropout / (window_dropout + n)`, and a syllable is
    hidden with the chance `hidden`.
    """

    size: Count
    window_size: Count
    output_size: Count
    blocks: Count
    heads: Count
    expansion: Count
    reach: Count
    dropout: Share
    attention_dropout: Share
    input_dropout: Share
    window_dropout: NotNegative
    hidden: Share


class OptimizerParams(Block):
    """AdamW's `betas`; the rate falls to `floor` of `fit.lr` at the end, and is `table_rate` times as high for the
    table of n-grams.
    """

    betas: Annotated[tuple[Share, Share], Field(strict=False)]
    floor: Annotated[float, Field(gt=0, lt=1)]
    table_rate: Positive


class AveragingParams(Block):
    """What is served is an average of the weights: every `every` steps, `1 - decay` of it becomes the present ones."""

    decay: Share
    every: Count


class FusionParams(Block):
    """Lattice and learner in one beam, then all models over its best readings.

    `caps`, `other`, `behind`, `beam` and `rescored` as in `components.predictors.conversion.decoder.SearchSettings`.
    The learner's weight in the beam is one of `learner_weights`, those of the
    models are fitted with `penalty`, both on at most `clauses` of the validation. Without `contexts` these have no
    say. `characters` is the beam of the baseline over characters.
    """

    caps: Annotated[tuple[Count, ...], Field(strict=False, min_length=1)]
    other: Annotated[float, Field(le=0)]
    behind: Positive | None
    beam: BeamParams
    rescored: Count
    learner_weights: Annotated[tuple[NotNegative, ...], Field(strict=False, min_length=1)]
    penalty: NotNegative
    clauses: Count
    contexts: ContextParams | None
    characters: BeamParams


class ServingParams(Block):
    """`n_best` answers are given where nobody says how many; `input` says what may be typed."""

    n_best: Count
    parts: PartParams
    input: InputParams


class ModelParams(Block):
    """With `lexicon` the network learns a dictionary's words, too."""

    windows: WindowParams
    lexicon: bool
    network: NetworkParams
    optimizer: OptimizerParams
    averaging: AveragingParams
    lattice: LatticeParams
    fusion: FusionParams
    serving: ServingParams


class EvaluateParams(Block):
    """Slices by `length_edges` (characters of a clause), `rarity_edges` (a character's count in training) and
    `candidate_edges` (characters of a syllable). The `confusions` most frequent pairs are shown, `n_best` answers
    looked at, and of each length `examples` clauses.
    """

    resamples: Annotated[int, Field(ge=100)]
    confidence: Annotated[float, Field(gt=0.5, lt=1)]
    seed: int
    min_group: Count
    length_edges: Edges
    rarity_edges: Edges
    candidate_edges: Edges
    confusions: Count
    n_best: Count
    examples: Count
    notice: str
    intended_use: str
    limits: str


def model_params(job: Job) -> ModelParams:
    return read_block(ModelParams, job.params.model, f"params.cases.{job.case}.model")


def evaluate_params(job: Job) -> EvaluateParams:
    return read_block(EvaluateParams, job.params.evaluate, f"params.cases.{job.case}.evaluate")


def _datamodule(job: Job) -> "LightningDataModule":
    from components.cases.pinyin_hanzi.network import make_data

    return make_data(job, model_params(job))


def _learner(job: Job, data: "LightningDataModule") -> "LightningModule":
    from components.cases.pinyin_hanzi.network import make_learner
    from components.datamodules.syllables import SyllableData

    assert isinstance(data, SyllableData)
    return make_learner(job, data, model_params(job))


def _assemble(job: Job, learner: "LightningModule", folder: Path) -> None:
    from components.cases.pinyin_hanzi.assemble import assemble

    assemble(job, learner, folder)


def _predictor(folder: Path) -> Predictor:
    from components.predictors.conversion.predictor import open_predictor

    return open_predictor(folder)


def _answers(job: Job, bundle: Path, split: str) -> Answers:
    from components.cases.pinyin_hanzi.serve import answers

    return answers(job, bundle, split)


def _answer_rows(job: Job, bundle: Path) -> Callable[[int], object]:
    from components.cases.pinyin_hanzi.serve import answer_rows

    return answer_rows(job, bundle)


def _example(job: Job) -> "pd.DataFrame":
    from components.cases.pinyin_hanzi.serve import example

    return example(job)


def _metrics(job: Job, bundle: Path) -> Mapping[str, Metric]:  # noqa: ARG001 - no threshold to read
    from components.evaluation.text.metrics import text_metrics

    return text_metrics()


def _report(job: Job, fitted: Path) -> Report:
    from components.cases.pinyin_hanzi.report import report

    return report(job, fitted)


def _variants(job: Job, fitted: Path, work: Path) -> Mapping[str, Path]:
    from components.cases.pinyin_hanzi.variants import make_variants

    return make_variants(job, fitted, work)


def _folds(job: Job, folder: Path) -> Iterator[Job]:
    from components.cases.pinyin_hanzi.folds import write_folds

    return write_folds(job, folder)


def _predict_file(bundle: Path, source: Path, target: Path, options: Mapping[str, Any]) -> int:
    from components.cases.pinyin_hanzi.stream import predict_file

    return predict_file(bundle, source, target, options)


def _watch() -> Watch:
    from components.cases.pinyin_hanzi.watch import WATCH

    return WATCH


CASE = Case(
    model_params=ModelParams,
    evaluate_params=EvaluateParams,
    monitor=f"val/{PRIMARY}",
    mode="max",
    primary=PRIMARY,
    lower_is_better=frozenset({"cer"}),
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
    predict_options=frozenset({"n-best"}),
    predict_suffix=".txt",
    predict_file=_predict_file,
    watch=_watch,
)
