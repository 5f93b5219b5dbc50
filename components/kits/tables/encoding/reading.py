"""`cases.<case>.prepare.read`: how a file of rows is read where its bytes do not say it themselves."""

import codecs
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from components.core.blocks import Block, Names
from components.core.params.source import Positive


class Reading(Block):
    """`encoding` is what texts are written in where they are not UTF-8 and carry no mark, `sheet` the sheet of a
    workbook that has several. Of a compressed file or a workbook at most `megabytes` are unpacked.
    """

    encoding: str | None = None
    sheet: str | None = None
    megabytes: Positive = 2000

    @field_validator("encoding")
    @classmethod
    def _is_known(cls, encoding: str | None) -> str | None:
        try:
            "".encode(encoding or "utf-8")
            codecs.getincrementaldecoder(encoding or "utf-8")
        except LookupError:
            raise ValueError(
                f"{encoding!r} is no encoding of texts that Python knows, such as gb18030 or windows-1252"
            ) from None
        return encoding


class TextReading(Reading):
    """`delimiter` is what parts cells, such as `::`, null where the header tells. With a `quote` of `none` quotes are
    characters like any other, as in names of a TSV file that hold stray ones. `names` are those of the columns, by
    their places, in a file without a header.
    """

    delimiter: Annotated[str, Field(min_length=1, max_length=4)] | None = None
    quote: Literal['"', "none"] = '"'
    names: Names = ()

    @field_validator("names")
    @classmethod
    def _stand_once(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"{twice[0]!r} stands {names.count(twice[0])} times; each column has a name of its own")
        return names


AS_IT_IS = Reading()
AS_THE_HEADER_SAYS = TextReading()


def reading_of(data: Mapping[str, Any]) -> Reading:
    """By `Meta.data` of a prepared table: how its file was read."""
    return Reading.model_validate(data["spec"].get("read", {}))  # stated where it is not the usual
