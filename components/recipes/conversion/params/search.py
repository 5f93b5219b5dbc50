"""Parts of `model.fusion` and `model.serving`, and of a bundle: how readings are searched."""

from typing import Annotated, Literal

from pydantic import Field

from components.core.blocks import Block

Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0)]


class BeamParams(Block):
    """At each place `width` readings are kept, none more than `behind` (in nats) the best one. Two of the same
    characters that end in the same word count as one. `order` is that of the n-grams that score them.
    """

    width: Count
    behind: Positive
    order: Literal[2, 3]


class ContextParams(Block):
    """Contexts are hashed to `2^bits` weights. The text is cut into `folds`, and each is read by models of the others,
    so that its `readings` err as those of new text do; from these the weights are learned, in `epochs` passes over
    `batch` clauses at a time, by AdaGrad at the rate `lr`.
    """

    bits: Annotated[int, Field(ge=8, le=26)]
    folds: Annotated[int, Field(ge=2)]
    readings: Annotated[int, Field(ge=2)]
    epochs: Count
    batch: Count
    lr: Positive


class PartParams(Block):
    """A run of more than `longest` syllables is read in parts of so many, each with `context` syllables on both sides
    that do not count. Of the ways to cut letters into syllables the `ways` likeliest are looked into; letters that
    stand for syllables are taken for the `abbreviated` likeliest words.
    """

    longest: Count
    context: Annotated[int, Field(ge=0)]
    ways: Count
    abbreviated: Count
