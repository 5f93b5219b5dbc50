"""What a case of tables says of the rows that it is asked, and who asks may say."""

from typing import Annotated

from pydantic import Field

from components.core.blocks import Block


class RowChecks(Block):
    """`predict` of a case of tables: the share of a column's cells that may be unreadable."""

    max_unreadable: Annotated[float, Field(ge=0, le=1, strict=False)] = 0.01


class TableOptions(Block):
    """What `casebook predict` takes for a table."""

    accept_strange: bool = Field(False, description="answer rows that are not written as those of training")
