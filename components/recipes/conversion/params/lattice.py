"""`model.lattice`: the words, how likely each is before the corpus is counted, and the n-gram models."""

from typing import Annotated, Literal

from pydantic import Field

from components.core.blocks import Block

Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0)]
Dictionary = Literal["cc_cedict", "zdic_cybs", "zdic_cibs"]  # CC-CEDICT; the idioms and the words of zdic.net


class RateParams(Block):
    """Trees by LightGBM: `rounds` of up to `leaves` leaves of `smallest` words or more, each weighed by `lr`."""

    rounds: Count
    leaves: Annotated[int, Field(ge=2)]
    smallest: Count
    lr: Annotated[float, Field(gt=0, le=1)]


class MinedParams(Block):
    """Two characters that no dictionary has are a candidate from these logarithms on: of their probability side by
    side, and of its ratio to that of chance.
    """

    joint: float
    attraction: float


class LexiconParams(Block):
    """`longest` is in characters. Words that other text has `frequent` times stand beside the dictionaries'; null for
    none. Of the words that the corpus has, those seen `least` times are kept, or in a dictionary; the likeliest of the
    others, `added` of them.
    """

    longest: Annotated[int, Field(ge=2, le=15)]
    dictionaries: Annotated[tuple[Dictionary, ...], Field(strict=False)]
    frequent: Count | None
    mined: MinedParams | None
    least: Count
    added: Annotated[int, Field(ge=0)]
    rates: RateParams


class NGramParams(Block):
    """`prior` weighs the probabilities from outside the corpus, against what smoothing frees."""

    order: Literal[2, 3]
    prior: Positive


class LatticeParams(Block):
    """The words, and the n-gram models of them and of their characters."""

    lexicon: LexiconParams
    words: NGramParams
    characters: NGramParams
