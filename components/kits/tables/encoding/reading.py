"""`cases.<case>.prepare.read`: how a file of rows is read where its bytes do not say it themselves."""

import codecs
from collections.abc import Mapping
from typing import Any

from pydantic import field_validator

from components.core.blocks import Block
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


AS_IT_IS = Reading()


def reading_of(data: Mapping[str, Any]) -> Reading:
    """By `Meta.data` of a prepared table: how its file was read."""
    return Reading.model_validate(data["spec"].get("read", {}))  # stated where it is not the usual
