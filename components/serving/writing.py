"""JSON of answers: numbers as NumPy has them, and what JSON does not know, such as a date, as its text."""

from typing import Any

import orjson
from starlette.responses import Response


class AsJson(Response):
    """A body of JSON."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return json_bytes(content)


def json_bytes(content: Any) -> bytes:
    return orjson.dumps(content, default=str, option=orjson.OPT_SERIALIZE_NUMPY)


def json_text(content: Any) -> str:
    return json_bytes(content).decode()
