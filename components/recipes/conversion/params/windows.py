"""`model.windows`: which n-grams of syllables are known."""

from typing import Annotated

from pydantic import Field

from components.core.blocks import Block

Count = Annotated[int, Field(ge=1)]


class WindowParams(Block):
    """N-grams of 2, 3 and 4 syllables are known that stand `least` times in the training text, the `most` frequent
    of them.
    """

    least: Annotated[tuple[Count, Count, Count], Field(strict=False)]
    most: Count
