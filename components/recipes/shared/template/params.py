"""Params of the recipe: the blocks that its parts read."""

from typing import Annotated

from pydantic import Field

from components.core.blocks import Block, Names
from components.core.job import Job
from components.core.params.evaluate import EvaluateBlock

Share = Annotated[float, Field(gt=0, lt=0.5)]


class PrepareParams(Block):
    """The `target` is told from `columns` of the raw `file`, all of them numbers."""

    file: str
    columns: Names
    target: str
    validation: Share
    test: Share
    seed: int


class ModelParams(Block):
    """`width` of the network's hidden layer; `ridge` is the penalty of the baseline."""

    width: Annotated[int, Field(ge=1)]
    ridge: Annotated[float, Field(ge=0)]


NumberJob = Job[PrepareParams, ModelParams, EvaluateBlock]
