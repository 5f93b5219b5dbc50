"""The block `operate.serve` of `params.yaml`: what `casebook serve` takes, and whether `make up` starts it."""

from typing import Annotated

from pydantic import Field

from components.core.blocks import Block, Names

Port = Annotated[int, Field(ge=1, le=65535)]
Bytes = Annotated[int, Field(ge=1024)]


class ServeParams(Block):
    """`make up` serves `cases` at `port`; nothing if there are none. `casebook serve` has options of its own for both.

    What is not said is as here: a params.yaml of before knows nothing of it. `max_body` maps a case to the bytes of the
    largest body that it takes, where they are not those of its recipe.
    """

    cases: Names = ()
    port: Port = 8000
    max_body: dict[str, Bytes] = Field(default_factory=dict)
