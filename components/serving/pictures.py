"""A picture in place of JSON, for who asks for nothing else: `Accept: image/png`."""

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from components.serving.asking import Rows
from components.serving.models import Model
from components.serving.problems import Detail, Problem
from components.serving.service import takes_files

PNG = "image/png"


def wants_picture(request: Request, model: Model) -> bool:
    """Whether the client takes a picture, of a case that answers images."""
    accepted = request.headers.get("accept", "")
    return PNG in accepted and takes_files(model.service)


def one_drawn(content: Any) -> Any:
    """The request for one image, drawn.

    Raises:
        Problem: 422, it is for several.
    """
    if not isinstance(content, Mapping):
        return content  # which is told where bodies are read
    rows = content.get("rows")
    if isinstance(rows, list) and len(rows) != 1:
        told = f"a picture is answered to one image, not to {len(rows)}; for several take JSON, with draw: true"
        raise Problem(422, told, [Detail(("rows",), "send one image", None)])
    return {**content, "draw": True}


def picture(model: Model, rows: Rows, request_id: str | None) -> Response:
    """What `one_drawn` is answered: who answered, and how many objects there are, stand in the headers."""
    headers = {"X-Casebook-Case": model.case, "X-Casebook-Version": rows.versions}
    headers["X-Casebook-Count"] = str(rows[0]["count"])
    if request_id is not None:
        headers["X-Request-Id"] = quote(request_id, safe=" ")
    return Response(base64.b64decode(rows[0]["drawn"]), media_type=PNG, headers=headers)
