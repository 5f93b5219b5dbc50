"""`model.tokens`: what is read of each event beside its item."""

from typing import Annotated

from pydantic import Field

from components.core.blocks import Block

Edges = Annotated[tuple[int, ...], Field(strict=False, min_length=1)]
Count = Annotated[int, Field(ge=2)]


class TokenParams(Block):
    """How events become tokens.

    `gap_edges` (seconds, ascending) cut the time since the event before; `places` is how many
    events of one second are told apart; `counts` how many thirds of a doubling of the history
    are; `period_seconds` is the width of the calendar's periods.
    """

    gap_edges: Edges
    places: Count
    counts: Count
    period_seconds: Annotated[int, Field(ge=1)]
