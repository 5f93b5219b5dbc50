"""Params of the recipe next_item: the blocks that its parts read."""

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from components.core.blocks import Block, Names
from components.core.job import Job
from components.core.params.evaluate import EvaluateBlock
from components.recipes.next_item.params.interactions import InteractionsParams
from components.recipes.next_item.params.recency import RecencyParams
from components.recipes.next_item.params.tokens import TokenParams

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
    """As `components.recipes.next_item.assembly.baselines.Transitions`; `neighbours` as in `EASEParams`."""

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
    """See `components.recipes.next_item.serving.index.IndexSettings`."""

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


class EvaluateParams(EvaluateBlock):
    """`cutoffs` of the metrics, `places` of the lists that are looked at; slices by `history_edges` (events),
    `popularity_quantiles` of the item asked for, and `user_features`. `genres` names the item feature by which lists
    are compared with histories, null for none. Of each length of history `examples` users are shown, with their
    `last` events.
    """

    cutoffs: Annotated[tuple[Count, ...], Field(strict=False, min_length=1)]
    places: Count
    history_edges: Annotated[tuple[Count, ...], Field(strict=False, min_length=1)]
    popularity_quantiles: Annotated[tuple[Share, Share], Field(strict=False)]
    user_features: Names
    genres: str | None
    calibration_alpha: Annotated[float, Field(gt=0, lt=1)]
    examples: Count
    last: Count


class LowRankParams(Block):
    """`rank` of the two factors that stand for the table of item vectors; `int8` stores them in eight bits."""

    rank: Count
    int8: bool


class PredictOptions(Block):
    """`WITHOUT_FILE` are those that say who is answered where no file does."""

    WITHOUT_FILE: ClassVar = ("users", "like_item")

    top: Annotated[Count | None, Field(description="items for each user")] = None
    allow: Annotated[
        Path | None, Field(description="a file of the items to choose from, one id a line, or columns of user and item")
    ] = None
    deny: Annotated[
        Path | None, Field(description="a file of items to leave out, one id a line, or columns of user and item")
    ] = None
    include_seen: Annotated[bool, Field(description="items that the user has had, too, or =false never")] = False
    because: Annotated[bool, Field(description="beside each item the one of the history that speaks most for it")] = (
        False
    )
    users: Annotated[Literal["all"] | None, Field(description="all: every user that the model knows, without IN")] = (
        None
    )
    like_item: Annotated[str | None, Field(description="items like the one of this id, without IN")] = None


NextItemJob = Job[InteractionsParams, ModelParams, EvaluateParams]
