"""`recency` of `model.ease` and `model.transitions`: how much each event of a history counts."""

from typing import Annotated

from pydantic import Field

from components.core.blocks import Block


class RecencyParams(Block):
    """An event weighs `exp(-lag / events)` for the `lag` events after it, times `exp(-age / seconds) + floor`
    for its age at the user's last event; only the `last` events count. Null leaves its factor out.
    """

    events: Annotated[float, Field(gt=0)]
    seconds: Annotated[float, Field(gt=0)] | None
    floor: Annotated[float, Field(ge=0)]
    last: Annotated[int, Field(ge=1)] | None
