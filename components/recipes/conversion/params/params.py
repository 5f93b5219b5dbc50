"""Params of the recipe conversion: the blocks that its parts read."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from components.core.blocks import Block
from components.core.job import Job
from components.core.params.evaluate import EvaluateBlock
from components.recipes.conversion.params.lattice import LatticeParams
from components.recipes.conversion.params.pinyin import InputParams, PinyinParams
from components.recipes.conversion.params.search import BeamParams, ContextParams, PartParams
from components.recipes.conversion.params.windows import WindowParams

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

    `caps`, `other`, `behind`, `beam` and `rescored` as in `SearchSettings` of the recipe's `serving.decoder`.
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


class EvaluateParams(EvaluateBlock):
    """Slices by `length_edges` (characters of a clause), `rarity_edges` (a character's count in training) and
    `candidate_edges` (characters of a syllable). The `confusions` most frequent pairs are shown, `n_best` answers
    looked at, and of each length `examples` clauses.
    """

    length_edges: Edges
    rarity_edges: Edges
    candidate_edges: Edges
    confusions: Count
    n_best: Count
    examples: Count


class PrunedNGramParams(Block):
    """N-grams are dropped each of which adds less than `threshold` nats a word to the model's relative entropy."""

    threshold: Positive


class PredictOptions(Block):
    n_best: Annotated[Count | None, Field(description="answers for each line, best first")] = None
    abbreviations: Annotated[bool, Field(description="first letters stand for syllables: zg, zhong g")] = False
    fuzzy: Annotated[str | None, Field(description="sounds taken for each other, such as z/zh,n/l,an/ang")] = None
    typos: Annotated[bool, Field(description="a syllable may have one slip of the keyboard")] = False
    words: Annotated[Path | None, Field(description="a file of your own words: reading, text, weight a line")] = None
    context: Annotated[bool, Field(description="words of the lines before are likelier in the next ones")] = False


ConversionJob = Job[PinyinParams, ModelParams, EvaluateParams]
